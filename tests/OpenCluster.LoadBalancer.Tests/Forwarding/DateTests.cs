using System.Globalization;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

/// <summary>Who has a clock says when an answer was made, RFC 9110 §6.6.1.</summary>
public sealed class DateTests
{
    private const string Theirs = "Sun, 06 Nov 1994 08:49:37 GMT";

    [Theory]
    [InlineData("nowhere", 404)]
    [InlineData("closed", 403)]
    [InlineData("empty", 503)]
    [InlineData("elsewhere", 308)]
    [InlineData("", 400)]
    public async Task Answers_of_the_load_balancers_own_say_when(string host, int status)
    {
        await using var balancer = await TestBalancer.ServeAsync(
            new RoutePlan { Id = "r1", Name = "closed", Matches = [new RouteMatch("closed")], Rules = new RouteRules { Admit = new AdmissionRule { From = ["192.0.2.1"] } } },
            new RoutePlan { Id = "r2", Name = "empty", Matches = [new RouteMatch("empty")], Rules = new RouteRules { WaitFor = TimeSpan.Zero } },
            new RoutePlan { Id = "r3", Name = "elsewhere", Matches = [new RouteMatch("elsewhere")], Redirect = new Redirect("https://example.org") });
        using var client = balancer.Client();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal(status, answer.Status);
        AssertIsNow(answer);
    }

    [Fact]
    public async Task An_answer_of_a_target_without_a_clock_gets_one_and_any_other_keeps_its_own()
    {
        await using var target = new RawTarget(request => request.AnswerAsync(200, new string('x', request.Target.Length * 10_000), request.Target == "/dated" ? $"Date: {Theirs}\r\n" : ""));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        AssertIsNow(await client.GetAsync("/"));
        AssertIsNow(await client.GetAsync("/large"));
        Assert.Equal(Theirs, Assert.Single(DatesOf(await client.GetAsync("/dated"))));
    }

    [Fact]
    public async Task A_kept_answer_says_when_it_was_received()
    {
        await using var target = new RawTarget(request => request.AnswerAsync(200, "kept", "Cache-Control: max-age=100\r\n"));
        await using var balancer = await TestBalancer.StartAsync(new RouteRules { Cache = new CacheRule() }, null, target);
        using var client = balancer.Client();
        var first = Assert.Single(DatesOf(await client.GetAsync()));
        balancer.Time.Leap(TimeSpan.FromSeconds(50));
        var again = await client.GetAsync();
        Assert.Equal(1, target.Requests);
        Assert.Equal(first, Assert.Single(DatesOf(again)));
    }

    [Fact]
    public async Task A_file_is_served_with_the_time_of_now()
    {
        var directory = Directory.CreateTempSubdirectory("oc-date-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "index.html"), "hello", TestContext.Current.CancellationToken);
        await using var balancer = await TestBalancer.ServeAsync(new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*")], WebRoot = directory });
        using var client = balancer.Client();
        var whole = await client.GetAsync();
        AssertIsNow(whole);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: {whole.Field("ETag")}\r\n\r\n");
        var unchanged = await client.ReadAsync();
        Assert.Equal(304, unchanged.Status);
        AssertIsNow(unchanged);
        Directory.Delete(directory, recursive: true);
    }

    private static void AssertIsNow(RawAnswer answer)
    {
        var date = DateTimeOffset.ParseExact(Assert.Single(DatesOf(answer)), "R", CultureInfo.InvariantCulture);
        Assert.InRange(date, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(2));
    }

    private static IEnumerable<string> DatesOf(RawAnswer answer) =>
        answer.Head.Split("\r\n").Where(l => l.StartsWith("Date: ", StringComparison.OrdinalIgnoreCase)).Select(l => l[6..]);
}
