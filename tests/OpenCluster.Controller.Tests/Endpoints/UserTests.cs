using System.Collections.Immutable;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class UserTests
{
    private const string Password = "four unrelated words here";

    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private static UserRequest Ann(TokenRole role = TokenRole.Read) => new() { Role = role, Password = Password };

    [Fact]
    public async Task A_session_may_what_its_user_may_now_and_ends_with_the_user()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.PutUserAsync("ann", Ann(), Ct);
        using var ann = await LogInAsync(controller);
        await ann.StatusAsync(Ct);
        Assert.Equal("not-allowed", await CodeOf(ann.TokensAsync(Ct)));

        await controller.Admin.PutUserAsync("ann", new UserRequest { Role = TokenRole.Admin }, Ct);
        await ann.TokensAsync(Ct);
        Assert.Equal(1, Assert.Single(await controller.Admin.UsersAsync(Ct)).Sessions);

        await controller.Admin.DeleteUserAsync("ann", Ct);
        Assert.Equal("not-authenticated", await CodeOf(ann.StatusAsync(Ct)));
        Assert.Equal("not-authenticated", await CodeOf(LogInAsync(controller)));
    }

    [Fact]
    public async Task A_session_ends_by_itself_by_log_out_and_by_another_password()
    {
        var time = new ShiftedTime();
        await using var controller = await TestController.StartAsync(time);
        await controller.Admin.PutUserAsync("ann", Ann(), Ct);

        using var left = await LogInAsync(controller);
        await left.LogOutAsync(Ct);
        Assert.Equal("not-authenticated", await CodeOf(left.StatusAsync(Ct)));

        using var changed = await LogInAsync(controller);
        await controller.Admin.PutUserAsync("ann", Ann() with { Password = "quite another one" }, Ct);
        Assert.Equal("not-authenticated", await CodeOf(changed.StatusAsync(Ct)));

        using var old = await LogInAsync(controller, "quite another one");
        time.By = TimeSpan.FromHours(13);
        Assert.Equal("not-authenticated", await CodeOf(old.StatusAsync(Ct)));
    }

    [Fact]
    public async Task Nobody_learns_from_a_refused_log_in_who_exists()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.PutUserAsync("ann", Ann(), Ct);

        var wrong = await Assert.ThrowsAsync<ProblemException>(() => LogInAsync(controller, "not her password"));
        var unknown = await Assert.ThrowsAsync<ProblemException>(() => LogInAsync(controller, Password, "bob"));

        Assert.Equal("not-authenticated", wrong.Problem.Code);
        Assert.Equal((wrong.Problem.Code, wrong.Problem.Status, wrong.Problem.Detail, wrong.Problem.Instead), (unknown.Problem.Code, unknown.Problem.Status, unknown.Problem.Detail, unknown.Problem.Instead));
    }

    [Fact]
    public async Task Guessing_is_put_off_and_who_is_logged_in_goes_on()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.PutUserAsync("ann", Ann(), Ct);
        using var ann = await LogInAsync(controller);
        for (var i = 0; i < 10; i++) Assert.Equal("not-authenticated", await CodeOf(LogInAsync(controller, $"guess number {i}")));

        Assert.Equal("too-many-failures", await CodeOf(LogInAsync(controller)));
        await ann.StatusAsync(Ct);
    }

    [Fact]
    public async Task A_role_in_one_zone_opens_that_zone_alone()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(new FileRequest
        {
            Text = """
                cluster: test
                servers:
                  web1: {roles: webserver, controller: true}
                  dev1: {roles: webserver, zone: development}
                services:
                  hello: {role: webserver, run: sleep 1000, zones: [default, development]}
                """,
        }, Ct);
        await controller.Admin.PutUserAsync("ann", Ann() with { Zones = ImmutableSortedDictionary<string, TokenRole>.Empty.Add("development", TokenRole.Deploy) }, Ct);
        using var ann = await LogInAsync(controller);

        await ann.ScaleAsync("hello", "development", new ScaleRequest(2), Ct);
        Assert.Equal("not-allowed", await CodeOf(ann.ScaleAsync("hello", "default", new ScaleRequest(2), Ct)));
        Assert.Equal("not-allowed", await CodeOf(ann.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct)));
        Assert.Equal("not-found", await CodeOf(controller.Admin.PutUserAsync("bob", Ann() with { Zones = ImmutableSortedDictionary<string, TokenRole>.Empty.Add("moon", TokenRole.Read) }, Ct)));
    }

    [Fact]
    public async Task Roles_that_are_no_persons_short_passwords_and_odd_names_are_refused()
    {
        await using var controller = await TestController.StartAsync();
        Assert.Equal("invalid", await CodeOf(controller.Admin.PutUserAsync("ann", Ann(TokenRole.Agent), Ct)));
        Assert.Equal("invalid", await CodeOf(controller.Admin.PutUserAsync("ann", Ann() with { Password = "eleven char" }, Ct)));
        Assert.Equal("invalid", await CodeOf(controller.Admin.PutUserAsync("ann", Ann() with { Password = null }, Ct)));
        Assert.Equal("invalid", await CodeOf(controller.Admin.PutUserAsync("An n", Ann(), Ct)));
        Assert.Empty(await controller.Admin.UsersAsync(Ct));
    }

    [Fact]
    public async Task A_password_and_a_session_are_nowhere_in_what_the_controller_keeps_and_tells()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.PutUserAsync("ann", Ann(), Ct);
        var session = await SessionAsync(controller);
        var told = string.Join('\n', (await controller.Admin.AuditAsync(Ct)).Select(entry => entry.ToString()));
        await controller.StopAsync();

        var kept = Directory.EnumerateFiles(controller.State, "*", SearchOption.AllDirectories).Select(File.ReadAllText).Append(told).ToList();
        Assert.DoesNotContain(kept, text => text.Contains(Password, StringComparison.Ordinal) || text.Contains(session.Token, StringComparison.Ordinal));
        Assert.Contains(kept, text => text.Contains("pbkdf2-sha512$", StringComparison.Ordinal));
        await controller.StartAgainAsync();
        using var ann = controller.Client(session.Token);
        await ann.StatusAsync(Ct);
    }

    private static async Task<SessionView> SessionAsync(TestController controller, string password = Password, string user = "ann")
    {
        using var anyone = controller.Client(null);
        return await anyone.LogInAsync(new LogInRequest(user, password), Ct);
    }

    private static async Task<ApiClient> LogInAsync(TestController controller, string password = Password, string user = "ann") =>
        controller.Client((await SessionAsync(controller, password, user)).Token);

    private static async Task<string> CodeOf(Task call) => (await Assert.ThrowsAsync<ProblemException>(() => call)).Problem.Code;
}
