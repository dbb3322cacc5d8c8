using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Streams;

/// <summary>
/// The last <see cref="Kept"/> notes. An id is the time in milliseconds, made unique: so ids keep growing across restarts, and a
/// reader that resumes after one misses nothing that came later, though what happened before a restart is no longer here.
/// </summary>
internal sealed class Story(TimeProvider time)
{
    private const int Kept = 1000;

    private readonly Lock _notes = new();
    private readonly Queue<Frame> _frames = new(Kept);
    private TaskCompletionSource<bool> _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastId;

    public void Tell(Note note)
    {
        TaskCompletionSource<bool> more;
        lock (_notes)
        {
            _lastId = Math.Max(_lastId + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
            var view = new EventView(_lastId, note.At, WordOf(note.Weight), note.Subject, note.Text, note.Evidence.IsDefault ? [] : note.Evidence);
            if (_frames.Count == Kept) _frames.Dequeue();
            _frames.Enqueue(new Frame(_lastId, JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Default.EventView)));
            more = _more;
            _more = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        more.SetResult(true);
    }

    /// <summary>Reads from after an id on; no queue of its own, so a slow reader only ever misses what is no longer kept.</summary>
    public Reader ReadAfter(long id) => new(this, id);

    private ImmutableArray<Frame> After(long id)
    {
        lock (_notes) return [.. _frames.Where(frame => frame.Id > id)];
    }

    private static string WordOf(Weight weight) => weight switch
    {
        Weight.Good => "good",
        Weight.Warning => "warning",
        Weight.Trouble => "trouble",
        _ => "info",
    };

    internal sealed class Reader(Story story, long after)
    {
        private long _after = after;
        private readonly Queue<Frame> _ready = new();
        private Task<bool> _more = Task.FromResult(true);

        public bool TryTake(out Frame frame)
        {
            if (_ready.Count == 0)
            {
                // Taken before reading, so that a note told in between completes it.
                lock (story._notes) _more = story._more.Task;
                foreach (var next in story.After(_after)) _ready.Enqueue(next);
            }

            if (!_ready.TryDequeue(out frame)) return false;
            _after = frame.Id;
            return true;
        }

        public ValueTask<bool> WaitAsync(CancellationToken ct) => new(_more.WaitAsync(ct));
    }
}
