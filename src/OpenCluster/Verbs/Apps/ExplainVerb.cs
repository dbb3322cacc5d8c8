using System.Collections.Immutable;
using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster lb explain URL</c>: what each load-balancer would do with a request, and why. Nothing is sent.</summary>
internal static class ExplainVerb
{
    private static readonly Argument<string> Url = new("URL") { Description = "As a client would ask for it: https://joebarry.com/api/x" };
    private static readonly Option<string> From = new("--from") { Description = "The client's address", DefaultValueFactory = _ => "127.0.0.1" };
    private static readonly Option<string> Method = new("--method") { Description = "Its method", DefaultValueFactory = _ => "GET" };
    private static readonly Option<string[]> Header = new("--header") { Description = "A header, 'NAME: TEXT'; may be repeated" };
    private static readonly Option<string[]> Certificate = new("--certificate") { Description = "A name in the certificate it would show; may be repeated" };

    public static Command Create() => ClientVerb.Create(
        "explain", "Explain what each load-balancer would do with a request: listener, route, who is let in, which instance and why. Nothing is sent.",
        ["opencluster lb explain https://joebarry.com/api/x --from 192.0.2.7", "opencluster lb explain http://joebarry.com/ --header 'X-Preview: 1'"],
        [Url, From, Method, Header, Certificate], async (call, ct) =>
        {
            var headers = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var header in call.Parsed.GetValue(Header) ?? [])
            {
                if (header.Split(':', 2) is not [{ Length: > 0 } name, var text])
                {
                    call.Screen.Error("usage", $"--header \"{header}\" has no colon. Write it 'NAME: TEXT'.");
                    return ExitCode.Usage;
                }
                headers[name.Trim()] = text.Trim();
            }
            var request = new ExplainRequest
            {
                Url = call.Parsed.GetRequiredValue(Url),
                From = call.Parsed.GetRequiredValue(From),
                Method = call.Parsed.GetRequiredValue(Method),
                Headers = headers.ToImmutable(),
                Certificate = [.. call.Parsed.GetValue(Certificate) ?? []],
            };
            var all = await call.Api.ExplainAsync(request, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(all, ApiJson.Default.ImmutableArrayExplanationView);
            else if (all.IsEmpty) call.Screen.Markup("[grey]no load-balancers[/]");
            else foreach (var one in all) Print(call.Screen, one);
            return ExitCode.Done;
        });

    private static void Print(Screen screen, ExplanationView view)
    {
        screen.Markup($"[bold]{Screen.Plain(view.Balancer)}[/] on {Screen.Plain(view.Server)}");
        foreach (var step in view.Steps) screen.Markup($"  {Screen.Plain(step)}");
        if (!view.Targets.IsEmpty)
        {
            screen.Table(["instance", "address", "server", ">share", "why"],
                view.Targets.Select(t => (string[])[Screen.Plain(t.Id), Screen.Plain(t.Address), Screen.Plain(t.Server), $"{t.Share * 100:0.#}%", Screen.Plain(t.Why)]), "");
        }
        screen.Line();
    }
}
