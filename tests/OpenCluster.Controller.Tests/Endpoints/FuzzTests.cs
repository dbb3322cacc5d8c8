using System.Net.Http.Json;
using System.Text;
using OpenCluster.Api;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class FuzzTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private static readonly string[] Bodies =
    [
        "", "null", "{}", "[]", "0", "\"\"", "{", "{\"text\":", "{\"text\":null}", "{\"text\":1}", "{\"service\":{}}", "{\"instances\":1e400}",
        "{\"instances\":-1}", "{\"command\":null}", "{\"command\":[null]}", "{\"role\":\"king\",\"name\":\"x\"}", "{\"scope\":\"/\"}", "{\"scope\":\"server/\"}",
        "{\"serverId\":\"web1\",\"bootId\":\"b\",\"address\":\"a\",\"instances\":[null]}", "{\"text\":\"\\ud800\"}",
        new string('[', 10_000), "{\"text\":\"" + new string('x', 100_000) + "\"}", "\u0000\u0001\u00ff",
    ];

    /// <summary>Whatever is sent, the answer is a problem (or, by luck, a success), never a crash, an empty error or a stack trace.</summary>
    [Fact]
    public async Task Every_path_answers_any_body_with_a_problem()
    {
        await using var controller = await TestController.StartAsync("web1");
        using var http = controller.Http(controller.AdminToken);
        var wrong = new List<string>();
        foreach (var rule in AccessTable.Rules.Where(r => r.Method != "GET"))
        {
            foreach (var body in Bodies)
            {
                var path = rule.Pattern.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
                using var request = new HttpRequestMessage(new HttpMethod(rule.Method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
                using var response = await http.SendAsync(request, Ct);
                if (response.IsSuccessStatusCode) continue;
                var problem = response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? await response.Content.ReadFromJsonAsync(ApiJson.Default.Problem, Ct) : null;
                if (problem is null || problem.Code is "internal" or "" || problem.Status != (int)response.StatusCode)
                    wrong.Add($"{rule.Method} {path} {body[..Math.Min(40, body.Length)]} → {(int)response.StatusCode} {problem?.Code}");
            }
        }

        Assert.Empty(wrong);
        Assert.Equal("ok", (await http.GetFromJsonAsync(ApiRoutes.Health, ApiJson.Default.HealthView, Ct))!.Status);
    }

    [Theory]
    [InlineData("""{"serverId":"web1","bootId":"b","address":"a","instances":[null]}""")]
    [InlineData("""{"serverId":"web1","bootId":null,"address":"a"}""")]
    [InlineData("""{"serverId":"web1","bootId":"b","address":"a","instances":[{"id":"x"},{"id":"x"}]}""")]
    [InlineData("""{"serverId":"web1","bootId":"b","address":"a","instances":[{"id":"x","ports":null}]}""")]
    [InlineData("""{"serverId":"web1","bootId":"b","address":"a","instances":[{"id":"x","failure":{"code":"c","reason":"r","log":[null]}}]}""")]
    [InlineData("""{"serverId":"web1","bootId":"b","address":"a","builds":[null]}""")]
    public async Task A_report_that_no_agent_would_send_is_refused_and_the_controller_goes_on(string report)
    {
        await using var controller = await TestController.StartAsync("web1");
        await controller.Admin.ApplyAsync(new Api.Requests.FileRequest { Text = Cluster.TwoServers }, Ct);
        using var http = await controller.HttpAsync("web1");

        using var response = await http.PostAsync(ApiRoutes.ServerReport("web1"), new StringContent(report, Encoding.UTF8, "application/json"), Ct);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(2, (await controller.Admin.ServersAsync(Ct)).Length);
    }

    [Fact]
    public async Task A_report_that_leaves_out_what_it_can_is_taken()
    {
        await using var controller = await TestController.StartAsync("web1");
        await controller.Admin.ApplyAsync(new Api.Requests.FileRequest { Text = Cluster.TwoServers }, Ct);
        using var http = await controller.HttpAsync("web1");

        for (var i = 1; i <= 3; i++)
        {
            var report = """{"serverId":"web1","bootId":"b","address":"127.0.0.1","instances":[{"id":"x","failure":{"code":"c","reason":"r"}}],"builds":[{"releaseId":"r"}],"sequence":""" + $"{i}}}";
            using var response = await http.PostAsync(ApiRoutes.ServerReport("web1"), new StringContent(report, Encoding.UTF8, "application/json"), Ct);
            Assert.Equal(204, (int)response.StatusCode);
        }

        Assert.Equal("alive", (await controller.Admin.ServersAsync(Ct)).Single(s => s.Name == "web1").Health);
    }

    [Fact]
    public async Task A_request_may_leave_out_what_has_a_default()
    {
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http(controller.AdminToken);

        using var response = await http.PostAsync(ApiRoutes.Plan, new StringContent("""{"text":"no"}""", Encoding.UTF8, "application/json"), Ct);

        var problem = await response.Content.ReadFromJsonAsync(ApiJson.Default.Problem, Ct);
        Assert.Equal("file-invalid", problem!.Code);
        Assert.StartsWith("cluster.yaml", problem.Errors[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "no-such-path")]
    [InlineData("DELETE", "/v1/status", 405, "method-not-allowed")]
    [InlineData("GET", "/v1/services/%0a/webhook", 404, "not-found")]
    [InlineData("GET", "/v1/instances/x/logs?lines=many", 400, "invalid")]
    [InlineData("GET", "/v1/instances/x/logs?lines=-1", 400, "invalid")]
    public async Task A_path_or_value_that_is_none_is_a_problem(string method, string path, int status, string code)
    {
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http(controller.AdminToken);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await http.SendAsync(request, Ct);

        var problem = await response.Content.ReadFromJsonAsync(ApiJson.Default.Problem, Ct);

        Assert.Equal((status, code), ((int)response.StatusCode, problem!.Code));
    }
}
