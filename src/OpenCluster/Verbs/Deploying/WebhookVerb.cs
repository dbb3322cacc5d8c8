using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Deploying;

/// <summary><c>opencluster webhook SERVICE</c>: what to enter at the git host.</summary>
internal static class WebhookVerb
{
    private static readonly Argument<string> Service = new("SERVICE") { Description = "Service whose repository sends pushes" };

    public static Command Create() => ClientVerb.Create(
        "webhook", "Show where a git host should send a service's pushes, and the secret to sign them with.",
        ["opencluster webhook api"], [Service], async (call, ct) =>
        {
            var webhook = await call.Api.WebhookAsync(call.Parsed.GetRequiredValue(Service), ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(webhook, ApiJson.Default.WebhookView);
            else
            {
                call.Screen.Markup($"[grey]URL[/]     {Screen.Plain(new Uri(call.Api.Url, webhook.Path).ToString())}");
                call.Screen.Markup($"[grey]Secret[/]  {Screen.Plain(webhook.Secret)}");
                call.Screen.Say("[grey]GitHub, Gitea: content type application/json, this secret, push events. GitLab: this secret as token.[/]");
            }

            return ExitCode.Done;
        });
}
