using System.Security.Authentication;
using System.Text.Json.Nodes;
using OpenCluster.LoadBalancer.Peers;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Tests.Registration;

/// <summary>Several balancers that know what apps told one of them.</summary>
public sealed class PeerTests
{
    [Fact]
    public async Task An_app_registered_at_one_is_served_by_all()
    {
        await using var all = await TestRegistrars.StartAsync(3);
        await using var app = RawTarget.Answering("from the app");
        await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders") });
        for (var i = 0; i < 3; i++) await RegistrarApiTests.ServesAsync(all[i], "/orders", "from the app");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_death_of_any_one_loses_no_registration_and_others_renew_it(int dead)
    {
        await using var all = await TestRegistrars.StartAsync(3);
        await using var app = RawTarget.Answering("from the app");
        var (_, body, url) = await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders") });
        Assert.Equal(3, body!["registrars"]!.AsArray().Count);
        for (var i = 0; i < 3; i++) await RegistrarApiTests.ServesAsync(all[i], "/orders", "from the app");
        await all.KillAsync(dead);
        foreach (var i in Enumerable.Range(0, 3).Where(i => i != dead))
        {
            await RegistrarApiTests.ServesAsync(all[i], "/orders", "from the app");
            Assert.Equal(200, (await all[i].SendAsync(HttpMethod.Put, url!)).Status);
        }
    }

    [Fact]
    public async Task What_one_ends_ends_everywhere()
    {
        await using var all = await TestRegistrars.StartAsync(2);
        await using var app = RawTarget.Answering("from the app");
        var (_, _, url) = await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders") });
        await RegistrarApiTests.ServesAsync(all[1], "/orders", "from the app");
        Assert.Equal(204, (await all[1].SendAsync(HttpMethod.Delete, url!)).Status);
        await Until.TrueAsync(() => all[0].Host.Registrar.Store.Live.IsEmpty, "the first to hear of the end");
        Assert.Equal(404, (await all[0].SendAsync(HttpMethod.Put, url!)).Status);
    }

    [Fact]
    public async Task A_second_app_is_refused_by_another_balancer_too()
    {
        await using var all = await TestRegistrars.StartAsync(2);
        await all[0].RegisterAsync(new JsonObject { ["port"] = 8080, ["paths"] = new JsonArray("/orders") });
        await Until.TrueAsync(() => all[1].Host.Registrar.Store.Live.Length == 1, "the second to hear of it");
        var answer = await all[1].RegisterAsync(new JsonObject { ["port"] = 9090, ["paths"] = new JsonArray("/orders") }, TestRegistrars.OtherToken);
        Assert.Equal((409, "path-taken"), (answer.Status, (string?)answer.Body!["code"]));
    }

    [Fact]
    public async Task Three_balancers_do_not_check_a_target_three_times_as_often()
    {
        await using var all = await TestRegistrars.StartAsync(3);
        await using var app = RawTarget.Answering("fine");
        await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["paths"] = new JsonArray("/orders"), ["check"] = new JsonObject { ["path"] = "/healthz", ["everyMilliseconds"] = 250 } });
        for (var i = 0; i < 3; i++) await RegistrarApiTests.ServesAsync(all[i], "/orders", "fine");
        int Resting() => Enumerable.Range(0, 3).Count(i => all[i].Balancer.Targets.Slots.All(s => s.Key.Id.StartsWith("reg-", StringComparison.Ordinal) && all[i].Host.Peers.IsAnothers(s)));
        await Until.TrueAsync(() => Resting() == 2, "two of three to leave the checks to the third");

        // And all of them hear of it when the one on duty finds it down.
        await app.DisposeAsync();
        await Until.TrueAsync(() => Enumerable.Range(0, 3).All(i => all[i].Balancer.Targets.Slots.All(s => s.Health.State == TargetState.Down)), "all to know that it is down");
    }

    [Fact]
    public async Task When_the_one_that_checks_dies_another_takes_over()
    {
        await using var all = await TestRegistrars.StartAsync(2);
        await using var app = RawTarget.Answering("fine");
        await all[0].RegisterAsync(new JsonObject { ["port"] = app.Port, ["check"] = new JsonObject { ["path"] = "/healthz", ["everyMilliseconds"] = 250 } });
        for (var i = 0; i < 2; i++) await RegistrarApiTests.ServesAsync(all[i], "/", "fine");
        bool Rests(int i) => all[i].Balancer.Targets.Slots.All(all[i].Host.Peers.IsAnothers);
        await Until.TrueAsync(() => Rests(0) != Rests(1), "one to check for both");
        var (checking, resting) = Rests(0) ? (1, 0) : (0, 1);
        await all.KillAsync(checking);
        await Until.TrueAsync(() => !Rests(resting), "the other to check itself");
    }

    [Fact]
    public async Task Who_shows_no_certificate_of_a_peer_is_not_listened_to()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var directory = Directory.CreateTempSubdirectory("oc-stranger-").FullName;
        using var stranger = PeerIdentity.In(directory, TimeProvider.System, _ => { });
        Directory.Delete(directory, recursive: true);
        var peer = all[0].Peer;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var (socket, tls) = await PeerTls.ConnectAsync(peer, stranger, TestContext.Current.CancellationToken);
            using var _ = socket;
            await tls.WriteAsync("POST /v1/peers/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), TestContext.Current.CancellationToken);
            if (await tls.ReadAsync(new byte[100], TestContext.Current.CancellationToken) == 0) throw new IOException("closed");
        });
        await Until.TrueAsync(() => all[0].Host.StrangersRefused > 0, "the stranger to be counted");
    }

    [Fact]
    public async Task A_peer_that_answers_with_another_key_is_not_believed()
    {
        await using var all = await TestRegistrars.StartAsync(2);
        var directory = Directory.CreateTempSubdirectory("oc-peer-").FullName;
        using var us = PeerIdentity.In(directory, TimeProvider.System, _ => { });
        Directory.Delete(directory, recursive: true);
        await Assert.ThrowsAnyAsync<AuthenticationException>(async () =>
            await PeerTls.ConnectAsync(all[0].Peer with { Fingerprint = all[1].Peer.Fingerprint }, us, TestContext.Current.CancellationToken));
    }
}
