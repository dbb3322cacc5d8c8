using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Api.Client;

namespace OpenCluster.Demo;

/// <summary>Sends a push as GitHub does: JSON, signed with the service's secret in <c>X-Hub-Signature-256</c>.</summary>
internal static class Webhook
{
    public static async Task PushedAsync(ApiClient api, string service, string branch, CancellationToken ct)
    {
        var webhook = await api.WebhookAsync(service, ct).ConfigureAwait(false);
        var body = Encoding.UTF8.GetBytes($$"""{"ref":"refs/heads/{{branch}}"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-GitHub-Event", "push");
        request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(webhook.Secret), body)));
        using var answer = await api.SendAsync(request, ct).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }
}
