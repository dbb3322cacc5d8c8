namespace OpenCluster.Agent.Tests;

public sealed class AgentLoopTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Question_that_fails_is_answered_with_its_failure_and_the_loop_goes_on()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var loop = NewLoop();
        var running = loop.RunAsync(() => null, () => DateTimeOffset.UnixEpoch, stop.Token);

        var asked = loop.AskAsync<int>(() => throw new InvalidOperationException("no answer"), Ct);

        Assert.Equal("no answer", (await Assert.ThrowsAsync<InvalidOperationException>(() => asked.WaitAsync(TimeSpan.FromSeconds(10), Ct))).Message);
        Assert.Equal(7, await loop.AskAsync(() => 7, Ct));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task What_must_last_is_begun_again_when_it_has_failed()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var begun = 0;
        var lasting = NewLoop().Lasting(
            async token =>
            {
                if (++begun == 1) throw new InvalidOperationException("the first time");
                await stop.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
            stop.Token);

        await lasting.WaitAsync(TimeSpan.FromSeconds(10), Ct);

        Assert.Equal(2, begun);
    }

    private static AgentLoop NewLoop() => new(TimeProvider.System, new AgentLog(new StringWriter(), TimeProvider.System));
}
