using System.Net;
using System.Net.Sockets;
using OpenCluster.Api.Client;
using OpenCluster.Api.Views;

namespace OpenCluster.Api.Tests.Client;

public sealed class ApiClientTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_token_goes_with_every_request_as_bearer()
    {
        await using var server = new OneAnswerServer(OneAnswerServer.Json(200, "[]"));
        using var api = new ApiClient(server.Url, "oc_secret", TimeProvider.System);
        Assert.Empty(await api.ServersAsync(Ct));
        Assert.Contains("Authorization: Bearer oc_secret", server.Requests[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_problem_becomes_a_sentence_with_what_to_do_instead()
    {
        const string Body = """{"title":"Not found","status":404,"code":"not-found","detail":"There is no service \"apo\".","instead":"Did you mean \"api\"?"}""";
        await using var server = new OneAnswerServer(OneAnswerServer.Json(404, Body, "application/problem+json"));
        using var api = new ApiClient(server.Url, null, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => api.ServicesAsync(Ct));
        Assert.Equal("There is no service \"apo\". Did you mean \"api\"?", refused.Message);
        Assert.Equal("not-found", refused.Problem.Code);
    }

    [Fact]
    public async Task An_error_of_something_else_on_the_way_is_told_with_its_status()
    {
        await using var server = new OneAnswerServer(OneAnswerServer.Json(502, "<html>", "text/html"));
        using var api = new ApiClient(server.Url, null, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => api.StatusAsync(Ct));
        Assert.Equal("http-502", refused.Problem.Code);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_an_unreachable_controller()
    {
        using var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var api = new ApiClient(new Uri($"http://{free.LocalEndPoint}"), null, TimeProvider.System);
        var away = await Assert.ThrowsAsync<UnreachableException>(() => api.StatusAsync(Ct));
        Assert.Contains("No controller answers at", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_yields_what_comes_and_skips_signs_of_life()
    {
        await using var server = new OneAnswerServer(OneAnswerServer.Events($"{Event(1)}event: alive\ndata: 0\n\n{Event(2)}"));
        using var api = new ApiClient(server.Url, null, TimeProvider.System);
        var seen = new List<long>();
        await foreach (var happened in api.EventsAsync(0, Ct)) seen.Add(happened.Id);
        Assert.Equal([1, 2], seen);
    }

    [Fact]
    public async Task A_watch_that_stays_silent_is_an_unreachable_controller()
    {
        await using var server = new OneAnswerServer(OneAnswerServer.Events(Event(1)) + "…");
        var time = new ManualTime();
        using var api = new ApiClient(server.Url, null, time);
        await using var events = api.EventsAsync(0, Ct).GetAsyncEnumerator(Ct);
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync();
        time.Advance(TimeSpan.FromSeconds(16));
        await Assert.ThrowsAsync<UnreachableException>(async () => await next);
    }

    [Fact]
    public async Task A_reconnecting_watch_goes_on_after_the_last_item_and_tells_that_it_was_away()
    {
        await using var server = new OneAnswerServer(OneAnswerServer.Events(Event(7)), OneAnswerServer.Json(503, "", "text/plain"), OneAnswerServer.Events(Event(8)));
        using var api = new ApiClient(server.Url, null, TimeProvider.System);
        var away = 0;
        var seen = new List<long>();
        await foreach (var happened in Reconnecting.WatchAsync<EventView>((last, ct) => api.EventsAsync(last?.Id ?? 0, ct), _ => away++, TimeProvider.System, Ct))
        {
            seen.Add(happened.Id);
            if (seen.Count == 2) break;
        }

        Assert.Equal([7, 8], seen);
        Assert.Equal(1, away);
        Assert.DoesNotContain("Last-Event-ID", server.Requests[0], StringComparison.Ordinal);
        Assert.Contains("Last-Event-ID: 7", server.Requests[2], StringComparison.Ordinal);
    }

    private static string Event(long id) =>
        $$"""id: {{id}}{{'\n'}}data: {"id":{{id}},"at":"2026-01-01T00:00:00Z","weight":"Info","subject":"service/api","text":"runs","evidence":[]}{{"\n\n"}}""";
}
