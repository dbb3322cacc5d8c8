using System.Text;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Routing;

/// <summary>Sends clients elsewhere: those of a redirecting route all, those of other routes to https when they came without.</summary>
/// <param name="redirect">Null when only the scheme changes.</param>
/// <param name="httpsPort">Where this balancer speaks HTTPS.</param>
internal sealed class RedirectStep(Redirect? redirect, bool toHttps, int httpsPort) : RouteStep
{
    private const int UsualPort = 443;

    public override ValueTask<bool> TryAnswerAsync(ClientConnection client)
    {
        if (toHttps && !client.Facts.IsSecure) return SendAsync(client, 308, HttpsAddress(client));
        return redirect is null ? new(false) : SendAsync(client, redirect.Status, Elsewhere(client, redirect));
    }

    private static async ValueTask<bool> SendAsync(ClientConnection client, int status, string location)
    {
        await LocalAnswer.SendAsync(client, status, "it is at another address", $"Location: {location}\r\n").ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// The same address with https. Who came without naming a port finds us at the usual ones, whatever ours are behind a firewall; who
    /// named one sees our own.
    /// </summary>
    private string HttpsAddress(ClientConnection client)
    {
        var head = client.Exchange.Head;
        var host = Encoding.Latin1.GetString(head.Host(client.HeadBytes));
        var colon = host.LastIndexOf(':');
        if (colon > host.LastIndexOf(']')) host = httpsPort == UsualPort ? host[..colon] : $"{host[..colon]}:{httpsPort}";
        return $"https://{host}{Encoding.Latin1.GetString(head.Target(client.HeadBytes))}";
    }

    private static string Elsewhere(ClientConnection client, Redirect redirect)
    {
        if (redirect.Exactly) return redirect.To;
        var exchange = client.Exchange;
        var rest = Encoding.Latin1.GetString(exchange.Head.Target(client.HeadBytes)[exchange.PrefixLength..]);
        var to = redirect.To.EndsWith('/') ? redirect.To[..^1] : redirect.To;
        // "//host" would be taken for another host, so between the two there is exactly one slash.
        if (rest.StartsWith('/')) rest = "/" + rest.TrimStart('/');
        return to.Length == 0 && !rest.StartsWith('/') ? "/" + rest : to + rest;
    }
}
