using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpenCluster.Controller.Webhooks;

namespace OpenCluster.Controller.Tests.Webhooks;

public sealed class DeliveryTests
{
    [Theory]
    [InlineData("X-GitHub-Event", "push", """{"ref":"refs/heads/main","after":"0a"}""", "main")]
    [InlineData("X-Gitea-Event", "push", """{"ref":"refs/heads/feature/x"}""", "feature/x")]
    [InlineData("X-Gitlab-Event", "Push Hook", """{"ref":"refs/heads/develop"}""", "develop")]
    [InlineData("X-Other", "push", "{}", null)]
    public void A_push_names_its_branch(string header, string kind, string body, string? branch) =>
        Assert.Equal(new Delivery.Push(branch), Read(header, kind, body));

    [Theory]
    [InlineData("X-GitHub-Event", "push", """{"ref":"refs/tags/v1"}""")]
    [InlineData("X-GitHub-Event", "push", """{"ref":"refs/heads/gone","after":"0000000000000000000000000000000000000000"}""")]
    [InlineData("X-GitHub-Event", "issues", "{}")]
    public void Something_else_than_a_push_to_a_branch_is_nothing_to_do(string header, string kind, string body) =>
        Assert.IsType<Delivery.Other>(Read(header, kind, body));

    [Fact]
    public void A_ping_is_a_ping() => Assert.IsType<Delivery.Ping>(Read("X-GitHub-Event", "ping", """{"zen":"…"}"""));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("payload=%7B%7D")]
    public void What_is_not_a_JSON_object_is_refused(string body) =>
        Assert.ThrowsAny<JsonException>(() => Read("X-GitHub-Event", "push", body));

    private static Delivery Read(string header, string kind, string body) =>
        Delivery.Read(new HeaderDictionary { [header] = kind }, Encoding.UTF8.GetBytes(body));
}
