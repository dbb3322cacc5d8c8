using System.Text;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

/// <summary>Values go in and come out only to the agents that may have them.</summary>
public sealed class SecretTests
{
    private const string Value = "a value that is nowhere else";
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_reaches_the_agent_whose_server_may_have_it_and_nobody_else()
    {
        await using var controller = await StartedAsync();
        await using var running = await controller.AgentAsync("web1");
        var set = await SetAsync(controller, Value);
        Assert.Equal(("password", 1, "set", "hello"), (set.Name, set.Version, set.State, Assert.Single(set.UsedBy)));

        using var one = await controller.AgentClientAsync("web1");
        using var two = await controller.AgentClientAsync("web2");
        var given = Assert.Single(await Waiting.ForAsync("the agent may have it", () => one.ServerSecretsAsync("web1", Ct), s => s.Length == 1, Ct));
        Assert.Equal((1, Value), (given.Version, Encoding.UTF8.GetString(given.Value)));

        Assert.Empty(await two.ServerSecretsAsync("web2", Ct));
        Assert.Equal("not-allowed", await CodeOf(two.ServerSecretsAsync("web1", Ct)));
        Assert.Equal("not-allowed", await CodeOf(controller.Admin.ServerSecretsAsync("web1", Ct)));
        using var deployer = await controller.ClientAsync(TokenRole.Deploy);
        Assert.Equal("not-allowed", await CodeOf(deployer.SetSecretAsync("password", new SecretRequest { Value = [1] }, Ct)));
    }

    [Fact]
    public async Task Nothing_that_the_controller_keeps_or_tells_holds_a_value()
    {
        await using var controller = await StartedAsync();
        await SetAsync(controller, Value);
        await controller.Admin.RotateSecretKeyAsync("yearly", Ct);
        var told = string.Join('\n', (await controller.Admin.AuditAsync(Ct)).Select(e => e.ToString()));
        Assert.Contains("set secret password", told, StringComparison.Ordinal);
        await controller.StopAsync();

        foreach (var coded in (string[])[Value, Convert.ToBase64String(Encoding.UTF8.GetBytes(Value))[..^4]])
        {
            Assert.DoesNotContain(coded, told, StringComparison.Ordinal);
            foreach (var file in Directory.EnumerateFiles(controller.State, "*", SearchOption.AllDirectories))
                Assert.DoesNotContain(coded, await File.ReadAllTextAsync(file, Encoding.Latin1, Ct), StringComparison.Ordinal);
        }

        await controller.StartAgainAsync();
    }

    [Fact]
    public async Task The_key_is_rotated_and_every_value_is_still_read_after_a_restart()
    {
        await using var controller = await StartedAsync();
        await SetAsync(controller, Value);
        var key = await File.ReadAllTextAsync(KeyOf(controller), Ct);
        await controller.Admin.RotateSecretKeyAsync("", Ct);
        Assert.Equal(1, (await File.ReadAllLinesAsync(KeyOf(controller), Ct)).Count(l => l.Length > 0));
        Assert.NotEqual(key, await File.ReadAllTextAsync(KeyOf(controller), Ct));

        await controller.StopAsync();
        await controller.StartAgainAsync();
        Assert.Equal("set", Assert.Single(await controller.Admin.SecretsAsync(Ct)).State);
    }

    [Fact]
    public async Task A_lost_key_is_told_and_the_secret_can_be_set_anew()
    {
        await using var controller = await StartedAsync();
        await SetAsync(controller, Value);
        await controller.StopAsync();
        File.Delete(KeyOf(controller));
        await controller.StartAgainAsync();

        Assert.Equal("unreadable", Assert.Single(await controller.Admin.SecretsAsync(Ct)).State);
        Assert.Equal(("set", 2), (await SetAsync(controller, Value)) is var s ? (s.State, s.Version) : default);
    }

    [Fact]
    public async Task The_same_value_again_changes_nothing_and_old_values_go()
    {
        await using var controller = await StartedAsync();
        await using var running = await controller.AgentAsync("web1");
        await SetAsync(controller, "one");
        Assert.Equal(1, (await SetAsync(controller, "one")).Version);
        await SetAsync(controller, "two");
        Assert.Equal(3, (await SetAsync(controller, "three")).Version);
        using (var agent = await controller.AgentClientAsync("web1"))
            Assert.All(await agent.ServerSecretsAsync("web1", Ct), v => Assert.NotEqual("one", Encoding.UTF8.GetString(v.Value)));

        var random = await controller.Admin.RotateSecretAsync("password", new SecretRotationRequest { Forget = true }, Ct);
        Assert.Equal(4, random.Version);
    }

    [Fact]
    public async Task A_secret_that_is_used_stays_and_one_that_left_the_file_can_be_removed()
    {
        await using var controller = await StartedAsync();
        await SetAsync(controller, Value);
        Assert.Equal("in-use", await CodeOf(controller.Admin.RemoveSecretAsync("password", "", Ct)));

        await controller.Admin.ApplyAsync(new FileRequest { Text = Support.Cluster.TwoServers }, Ct);
        Assert.Equal("undeclared", Assert.Single(await controller.Admin.SecretsAsync(Ct)).State);
        await controller.Admin.RemoveSecretAsync("password", "gone", Ct);
        Assert.Empty(await controller.Admin.SecretsAsync(Ct));
        Assert.Equal("not-found", await CodeOf(controller.Admin.RemoveSecretAsync("password", "", Ct)));
    }

    [Fact]
    public async Task Empty_values_too_long_ones_and_unknown_names_are_refused()
    {
        await using var controller = await StartedAsync();
        Assert.Equal("invalid", await CodeOf(SetAsync(controller, "")));
        Assert.Equal("invalid", await CodeOf(SetAsync(controller, new string('x', (64 << 10) + 1))));
        Assert.Equal("invalid", await CodeOf(controller.Admin.RotateSecretAsync("password", new SecretRotationRequest { Length = 8 }, Ct)));
        var unknown = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.SetSecretAsync("pasword", new SecretRequest { Value = [1] }, Ct));
        Assert.Contains("password", unknown.Problem.Instead, StringComparison.Ordinal);
    }

    private static async Task<TestController> StartedAsync()
    {
        var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest
        {
            Text = """
                cluster: test
                servers:
                  web1: {roles: webserver, controller: true}
                  web2: {roles: other}
                services:
                  hello: {role: webserver, run: sleep 1000, secrets: password}
                secrets: [password]
                """,
        }, Ct);
        return controller;
    }

    private static string KeyOf(TestController controller) => Path.Combine(controller.State, "secrets.key");

    private static Task<Api.Views.SecretView> SetAsync(TestController controller, string value) =>
        controller.Admin.SetSecretAsync("password", new SecretRequest { Value = Encoding.UTF8.GetBytes(value) }, Ct);

    private static async Task<string> CodeOf(Task call) => (await Assert.ThrowsAsync<ProblemException>(() => call)).Problem.Code;
}
