using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Conducting;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Store;

namespace OpenCluster.Controller.Streams;

/// <summary>
/// The end of the cluster's story: documents <c>controller/story/ID</c>, written in the transaction of what they tell about, at most
/// <see cref="Kept"/> of <see cref="KeptBytes"/> together. An id is the time in milliseconds, made unique; ids grow across restarts, and
/// each event names the one before it, so that a reader knows whether it missed any.
/// </summary>
/// <remarks>Added to and applied by the loop alone; read from anywhere.</remarks>
internal sealed class Story
{
    public const string KeyPrefix = OwnKeys.Prefix + "story/";
    public const int Kept = 1000;

    /// <summary>They are in memory, in the journal and in every snapshot of it.</summary>
    public const int KeptBytes = 1 << 20;

    /// <summary>Of one event, in characters: log lines beyond that are cut off at the front, for the reason of an end stands at the end.</summary>
    private const int MaxEvidence = 8 << 10;

    private readonly TimeProvider _time;
    private readonly Lock _reading = new();
    private readonly Queue<Frame> _frames = new();
    private TaskCompletionSource<bool> _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClusterLoop? _loop;

    /// <summary>What will be there once everything added is stored: ids and sizes, oldest first.</summary>
    private readonly Queue<(long Id, int Bytes)> _written = new();
    private long _writtenBytes;
    private long _newest;

    private Story(TimeProvider time) => _time = time;

    public static Story From(IEnumerable<Document> documents, TimeProvider time)
    {
        var story = new Story(time);
        foreach (var document in documents) story._frames.Enqueue(new Frame(IdOf(document.Key), document.Value));
        story.GoBack();
        return story;
    }

    /// <summary>From then on <see cref="Tell"/> goes through the loop.</summary>
    public void WriteThrough(ClusterLoop loop) => _loop = loop;

    /// <summary>Tells what no decision of the conductor's says. It is lost when the store cannot be written; whoever tells logs it too.</summary>
    public void Tell(Note note) => _loop?.Tell(note);

    /// <summary>The writes that add what is to be told, and drop the oldest.</summary>
    public IEnumerable<DocumentWrite> Add(IEnumerable<ClusterEffect> effects) => [.. effects.OfType<ClusterEffect.Tell>().SelectMany(tell => Add(tell.Note))];

    public IReadOnlyList<DocumentWrite> Add(Note note)
    {
        var id = Math.Max(_newest + 1, _time.GetUtcNow().ToUnixTimeMilliseconds());
        var view = new EventView(id, note.At, WordOf(note.Weight), note.Subject, note.Text, Bounded(note.Evidence)) { Previous = _newest };
        var json = JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Default.EventView);
        Write(id, json.Length);
        List<DocumentWrite> writes = [new DocumentWrite(KeyOf(id), json)];
        while (_written.Count > Kept || _writtenBytes > KeptBytes)
        {
            var (oldest, bytes) = _written.Dequeue();
            _writtenBytes -= bytes;
            writes.Add(new DocumentWrite(KeyOf(oldest), null));
        }

        return writes;
    }

    /// <summary>Takes in what was committed, and wakes the readers.</summary>
    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed)
    {
        TaskCompletionSource<bool>? more = null;
        lock (_reading)
        {
            foreach (var (key, json) in committed.Where(c => c.Key.StartsWith(KeyPrefix, StringComparison.Ordinal)).OrderBy(c => c.Key, StringComparer.Ordinal))
            {
                var id = IdOf(key);
                if (json is { } bytes) _frames.Enqueue(new Frame(id, bytes));
                else while (_frames.TryPeek(out var oldest) && oldest.Id <= id) _frames.Dequeue();
                more = _more;
            }

            if (more is not null) _more = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        more?.SetResult(true);
    }

    /// <summary>What was not stored was not told: the next event follows the last stored one.</summary>
    public void GoBack()
    {
        _written.Clear();
        (_writtenBytes, _newest) = (0, 0);
        lock (_reading)
        {
            foreach (var frame in _frames) Write(frame.Id, frame.Json.Length);
        }
    }

    /// <summary>Reads from after an id on; no queue of its own, so a slow reader only ever misses what is no longer kept, and is told so.</summary>
    /// <param name="id">0 for all that is kept. One that is still to come (the cluster was restored from a backup) counts as that.</param>
    /// <param name="follow">False: the reader's end is the end of what is kept now.</param>
    public StoryReader ReadAfter(long id, bool follow)
    {
        lock (_reading)
        {
            var newest = _frames.Count == 0 ? 0 : _frames.Last().Id;
            return new StoryReader(this, id > newest && id > _time.GetUtcNow().ToUnixTimeMilliseconds() ? 0 : id, follow ? long.MaxValue : newest, _time);
        }
    }

    /// <summary>What is kept after an id, and what completes when there is more.</summary>
    public (ImmutableArray<Frame> Frames, Task<bool> More) After(long id)
    {
        lock (_reading) return ([.. _frames.Where(frame => frame.Id > id)], _more.Task);
    }

    private void Write(long id, int bytes)
    {
        _written.Enqueue((id, bytes));
        _writtenBytes += bytes;
        _newest = id;
    }

    private static ImmutableArray<string> Bounded(ImmutableArray<string> evidence)
    {
        if (evidence.IsDefaultOrEmpty) return [];
        var left = MaxEvidence;
        return [.. evidence.Reverse().Select(line => line.Length > MaxEvidence ? line[..MaxEvidence] + "…" : line).TakeWhile(line => (left -= line.Length) > 0).Reverse()];
    }

    private static string WordOf(Weight weight) => weight switch
    {
        Weight.Good => "good",
        Weight.Warning => "warning",
        Weight.Trouble => "trouble",
        _ => "info",
    };

    // Zeros in front, so that the store's order is the order of time.
    private static string KeyOf(long id) => $"{KeyPrefix}{id:d15}";

    private static long IdOf(string key) => long.Parse(key.AsSpan(KeyPrefix.Length), System.Globalization.CultureInfo.InvariantCulture);
}
