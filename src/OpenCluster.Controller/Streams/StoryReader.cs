using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Views;

namespace OpenCluster.Controller.Streams;

/// <summary>One reader of the story. Where events that it has not seen are no longer kept, it first gets one that says so.</summary>
/// <param name="after">The id after which it begins; 0 for all that is kept, which is nothing missed.</param>
/// <param name="until">The last id it is to get.</param>
internal sealed class StoryReader(Story story, long after, long until, TimeProvider time)
{
    private long _after = after;
    private readonly Queue<Frame> _ready = new();
    private Task<bool> _more = Task.FromResult(true);

    public bool TryTake(out Frame frame)
    {
        if (_ready.Count == 0)
        {
            (var next, _more) = story.After(_after);
            if (next is [var oldest, ..] && Missed(oldest) is { } gone) _ready.Enqueue(gone);
            foreach (var one in next.Where(f => f.Id <= until)) _ready.Enqueue(one);
        }

        if (!_ready.TryDequeue(out frame)) return false;
        _after = frame.Id;
        return true;
    }

    public ValueTask<bool> WaitAsync(CancellationToken ct) => _after >= until || until == 0 ? new(false) : new(_more.WaitAsync(ct));

    private Frame? Missed(Frame oldest)
    {
        if (_after == 0) return null;
        var previous = JsonSerializer.Deserialize(oldest.Json.Span, ApiJson.Default.EventView)!.Previous;
        if (previous <= _after) return null;
        var (from, to) = (DateTimeOffset.FromUnixTimeMilliseconds(_after), DateTimeOffset.FromUnixTimeMilliseconds(previous));
        var text = $"What happened between {from:yyyy-MM-dd HH:mm:ss} and {to:yyyy-MM-dd HH:mm:ss} UTC is no longer kept; the last {Story.Kept} events are, or fewer of many words. The audit trail has who changed what.";
        // Its id is the last one's that is gone: whoever resumes after it is not told again.
        var view = new EventView(previous, time.GetUtcNow(), "warning", "events", text, []) { Previous = _after };
        return new Frame(previous, JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Default.EventView));
    }
}
