using System.Net;
using OpenCluster.Api;
using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Access;

public sealed class AccessTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    /// <summary>Every rule but those that anyone may use, against every kind of token: what is not allowed is refused before anything else is looked at.</summary>
    [Fact]
    public async Task Every_route_is_closed_to_those_the_table_does_not_name()
    {
        await using var controller = await TestController.StartAsync("web1");
        var callers = new Dictionary<TokenRole, HttpClient>
        {
            [TokenRole.Agent] = await controller.HttpAsync("web1"),
            [TokenRole.Read] = controller.Http((await controller.Admin.NewTokenAsync(new TokenRequest("r", TokenRole.Read), Ct)).Token),
            [TokenRole.Deploy] = controller.Http((await controller.Admin.NewTokenAsync(new TokenRequest("d", TokenRole.Deploy), Ct)).Token),
        };
        using var nobody = controller.Http();
        var wrong = new List<string>();
        foreach (var rule in AccessTable.Rules.Where(r => r.Person is not null))
        {
            foreach (var (role, http) in callers)
            {
                if (role == TokenRole.Agent ? rule.Parts.HasFlag(Parts.Agents) : role >= rule.Person) continue;
                var status = await StatusOf(http, rule);
                if (status != HttpStatusCode.Forbidden) wrong.Add($"{role} {rule.Method} {rule.Pattern}: {status}");
            }

            var without = await StatusOf(nobody, rule);
            if (without != HttpStatusCode.Unauthorized) wrong.Add($"nobody {rule.Method} {rule.Pattern}: {without}");
        }

        foreach (var http in callers.Values) http.Dispose();
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task A_start_with_more_tokens_than_a_transaction_takes_knows_them_all()
    {
        var servers = Enumerable.Range(1, 300).Select(i => $"s{i}").ToArray();
        await using var controller = await TestController.StartAsync(servers);
        await controller.StopAsync();
        await controller.StartAgainAsync();

        await controller.JoinAsync("s1", controller.JoinToken("s1"));
        await controller.JoinAsync("s300", controller.JoinToken("s300"));
    }

    [Fact]
    public async Task An_agent_speaks_for_its_own_server_only()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        using var other = await controller.AgentClientAsync("web2");

        var refused = await Assert.ThrowsAsync<ProblemException>(async () => await other.AssignmentsAsync("web1", 0, Ct).GetAsyncEnumerator(Ct).MoveNextAsync());

        Assert.Equal(("not-allowed", 403), (refused.Problem.Code, refused.Problem.Status));
    }

    [Fact]
    public async Task A_server_keeps_its_key_when_it_is_renamed()
    {
        await using var controller = await TestController.StartAsync("web1");
        await using (await controller.AgentAsync("web1"))
        {
            await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
            await Waiting.ForAsync("the first report", () => controller.Admin.ServersAsync(Ct), all => all.Any(s => s.Health == "alive"), Ct);
        }

        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers.Replace("web1: {", "www1: {renamed-from: web1, ", StringComparison.Ordinal) }, Ct);
        await using var renamed = await controller.AgentAsync("web1", "www1");
        await Waiting.ForAsync("the assignment under the new name", () => renamed.Assignment?.ServerName == "www1", Ct);
    }

    [Fact]
    public async Task A_deleted_token_is_invalid_at_once_and_the_last_admin_token_stays()
    {
        await using var controller = await TestController.StartAsync();
        var made = await controller.Admin.NewTokenAsync(new TokenRequest("ci", TokenRole.Read), Ct);
        using var reader = controller.Client(made.Token);
        await reader.StatusAsync(Ct);

        await controller.Admin.DeleteTokenAsync(made.Id, Ct);

        Assert.Equal("not-authenticated", (await Assert.ThrowsAsync<ProblemException>(() => reader.StatusAsync(Ct))).Problem.Code);
        var admin = (await controller.Admin.TokensAsync(Ct)).Single(t => t.Role == TokenRole.Admin);
        Assert.Equal("last-admin", (await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.DeleteTokenAsync(admin.Id, Ct))).Problem.Code);
    }

    [Fact]
    public async Task Wrong_tokens_are_put_off_after_a_while_and_right_ones_are_not()
    {
        await using var controller = await TestController.StartAsync();
        using var guesser = controller.Client("oc_wrong");
        var codes = new List<string>();
        for (var i = 0; i <= FailureLimit.PerWindow; i++)
            codes.Add((await Assert.ThrowsAsync<ProblemException>(() => guesser.StatusAsync(Ct))).Problem.Code);

        Assert.Equal(("not-authenticated", "too-many-failures"), (codes[0], codes[^1]));
        await controller.Admin.StatusAsync(Ct);
    }

    [Fact]
    public async Task The_admin_token_is_in_a_file_for_its_owner_alone_and_never_in_the_store()
    {
        await using var controller = await TestController.StartAsync();
        var file = Path.Combine(controller.State, "admin.token");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var token = (await File.ReadAllTextAsync(file, Ct)).Trim();
        Assert.Equal(controller.AdminToken, token);
        await controller.StopAsync();
        foreach (var stored in Directory.EnumerateFiles(Path.Combine(controller.State, "store"), "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(token, await File.ReadAllTextAsync(stored, System.Text.Encoding.Latin1, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_that_others_could_have_read_are_refused()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.In("bootstrap.json");
        new Bootstrap { Admin = Bootstrap.NewToken() }.Write(path);
        Assert.NotNull(Bootstrap.Read(path).Admin);

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Assert.Contains("others may read it", Assert.Throws<ControllerStartException>(() => Bootstrap.Read(path)).Message, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusOf(HttpClient http, AccessTable.Rule rule)
    {
        var path = rule.Pattern.Replace("{serverId}", "web9", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(rule.Method), path);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        return response.StatusCode;
    }
}
