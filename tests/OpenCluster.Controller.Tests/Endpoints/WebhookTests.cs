using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class WebhookTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signed_push_deploys_the_head_and_the_same_push_twice_changes_nothing()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        await repository.CommitAsync("One");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.FromGit(repository.Path) }, Ct);
        await DeployTests.EndOf(controller, null);
        var hook = await controller.Admin.WebhookAsync("hello", Ct);
        var head = await repository.CommitAsync("Two");
        using var http = controller.Http();

        var answer = await SendAsync(http, hook.Path, hook.Secret, "push", """{"ref":"refs/heads/main","after":"not believed"}""");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var deployed = (await Waiting.ForAsync("the push deployed", () => controller.Admin.DeploymentsAsync("hello", Ct), all => all is [{ Ended: true, Release: 2 }, ..], Ct))[0];
        Assert.Equal((head, "webhook", "done"), (deployed.Commit, deployed.By, deployed.Phase));

        await SendAsync(http, hook.Path, hook.Secret, "push", """{"ref":"refs/heads/main"}""");
        await Waiting.ForAsync("nothing under way", () => controller.Admin.DeploymentsAsync("hello", Ct), all => all.All(d => d.Ended), Ct);
        Assert.Equal([2, 1], (await controller.Admin.ReleasesAsync("hello", Ct)).Select(r => r.Number));
        Assert.Equal((HttpStatusCode.OK, "The webhook of hello works."), await SendAsync(http, hook.Path, hook.Secret, "ping", "{}"));
        Assert.Equal("No zone follows that branch; nothing to do.", (await SendAsync(http, hook.Path, hook.Secret, "push", """{"ref":"refs/heads/other"}""")).Result);
    }

    [Fact]
    public async Task A_wrong_signature_is_refused_and_an_unknown_service_looks_the_same()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);
        var hook = await controller.Admin.WebhookAsync("hello", Ct);
        using var http = controller.Http();

        var wrong = await SendAsync(http, hook.Path, "guess", "push", "{}");
        var unknown = await SendAsync(http, ApiRoutes.Webhook("svc-99"), "guess", "push", "{}");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (wrong.Status, unknown.Status));
        Assert.Equal(wrong.Result, unknown.Result);
    }

    [Fact]
    public async Task A_webhook_of_100_MB_is_refused_before_it_is_read()
    {
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Webhook("svc-1")) { Content = new StreamContent(new EndlessStream(100 << 20)) };
        request.Content.Headers.ContentLength = 100 << 20;
        request.Headers.ExpectContinue = true;

        using var response = await http.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task The_secret_is_for_those_who_may_deploy_and_differs_by_service()
    {
        await using var controller = await TestController.StartAsync();
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers + "\n  other:\n    role: webserver\n    run: sleep 1\n" }, Ct);
        using var reader = await controller.ClientAsync(TokenRole.Read);
        using var deployer = await controller.ClientAsync(TokenRole.Deploy);

        Assert.Equal("not-allowed", (await Assert.ThrowsAsync<ProblemException>(() => reader.WebhookAsync("hello", Ct))).Problem.Code);
        Assert.NotEqual((await deployer.WebhookAsync("hello", Ct)).Secret, (await deployer.WebhookAsync("other", Ct)).Secret);
    }

    private static async Task<(HttpStatusCode Status, string Result)> SendAsync(HttpClient http, string path, string secret, string kind, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(bytes) };
        request.Headers.Add("X-GitHub-Event", kind);
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), bytes)));
        using var response = await http.SendAsync(request, Ct);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Ct));
        return (response.StatusCode, json.RootElement.GetProperty(response.IsSuccessStatusCode ? "result" : "detail").GetString()!);
    }
}
