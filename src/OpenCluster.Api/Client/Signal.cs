namespace OpenCluster.Api.Client;

/// <summary>
/// Something that happens now and then, told to all who wait for it at that moment. Whoever must not miss one takes <see cref="Next"/>
/// before looking at what it would change.
/// </summary>
public sealed class Signal
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends when it happens the next time.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Raise() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
