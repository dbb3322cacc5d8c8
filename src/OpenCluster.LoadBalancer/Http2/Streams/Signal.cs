using System.Threading.Tasks.Sources;

namespace OpenCluster.LoadBalancer.Http2.Streams;

/// <summary>Something one caller waits for at a time, used again and again, so that a wait allocates nothing. What waits goes on where it is set.</summary>
internal sealed class Signal : IValueTaskSource<int>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<int> _core;

    public ValueTask<int> Number => new(this, _core.Version);

    public ValueTask Done => new(this, _core.Version);

    public void Clear() => _core.Reset();

    public void Set(int result) => _core.SetResult(result);

    public void Fail(Exception why) => _core.SetException(why);

    int IValueTaskSource<int>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
