using System.Text;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>
/// Serves the files below one directory: 1. the file, or the index page of a directory; 2. for a page that does not exist, the fallback of a site
/// that routes in the browser; 3. 404, with a page of the site's own if it has one.
/// </summary>
internal sealed class StaticFiles : RouteStep
{
    private readonly FileTable _files;
    private readonly WebRule _rule;

    private StaticFiles(FileTable files, WebRule rule) => (_files, _rule) = (files, rule);

    /// <summary>The files below a directory, which may itself be a link (to the current release): it is followed now, so what is in memory serves only while it leads to the same.</summary>
    public static StaticFiles Below(string directory, WebRule rule, StaticFiles? before)
    {
        var info = new DirectoryInfo(directory);
        var root = (info.LinkTarget is null ? info.FullName : info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? info.FullName).TrimEnd('/');
        return before is not null && before._files.IsFor(root, rule) ? before : new StaticFiles(new FileTable(root, rule), rule);
    }

    public override ValueTask<bool> TryAnswerAsync(ClientConnection client)
    {
        var exchange = client.Exchange;
        exchange.Close |= !exchange.IsBodyRead;
        if (exchange.Head.Method is not (RequestMethod.Get or RequestMethod.Head))
            return Done(LocalAnswer.SendAsync(client, 405, "only GET and HEAD are served here", "Allow: GET, HEAD\r\n"));
        return Hot(client) is { } hot ? Done(FileReply.SendAsync(client, hot)) : Done(SearchAsync(client));
    }

    private static ValueTask<bool> Done(ValueTask answered)
    {
        return answered.IsCompletedSuccessfully ? new(true) : AwaitAsync(answered);

        static async ValueTask<bool> AwaitAsync(ValueTask answered)
        {
            await answered.ConfigureAwait(false);
            return true;
        }
    }

    private async ValueTask SearchAsync(ClientConnection client)
    {
        var nowMs = client.Stages.Keeper.NowMs;
        if (SafePath.Decode(PathOf(client)) is not { } path)
        {
            await LocalAnswer.SendAsync(client, 404, "no such file").ConfigureAwait(false);
            return;
        }
        var found = await _files.FindAsync(path, nowMs).ConfigureAwait(false);
        if (found.IsDirectory)
        {
            await RedirectAsync(client).ConfigureAwait(false);
            return;
        }
        var status = 200;
        if (found.File is null && _rule.Fallback.Length > 0 && IsPage(path)) found = await _files.FindAsync(_rule.Fallback, nowMs).ConfigureAwait(false);
        if (found.File is null)
        {
            status = 404;
            if (_rule.NotFound.Length > 0) found = await _files.FindAsync(_rule.NotFound, nowMs).ConfigureAwait(false);
        }
        if (found.File is { } file) await FileReply.SendAsync(client, file, status).ConfigureAwait(false);
        else await LocalAnswer.SendAsync(client, 404, "no such file").ConfigureAwait(false);
    }

    /// <summary>A missing picture or script is missing; a path without an extension is one that the site's script knows.</summary>
    private static bool IsPage(string path) => !Path.HasExtension(path);

    /// <summary>The path as sent, without what the route strips.</summary>
    private static ReadOnlySpan<byte> PathOf(ClientConnection client)
    {
        var path = client.Exchange.Head.Path(client.HeadBytes)[client.Exchange.StripLength..];
        return path.IsEmpty ? "/"u8 : path;
    }

    private WebFile? Hot(ClientConnection client)
    {
        var path = PathOf(client);
        if (path.Length > 256) return null;
        // What is not plain ASCII was kept decoded and is not found so; it is found the long way.
        Span<char> text = stackalloc char[path.Length];
        Encoding.Latin1.GetChars(path, text);
        return _files.Hot(text, client.Stages.Keeper.NowMs);
    }

    /// <summary>A directory without its slash: relative links of its page would lead astray.</summary>
    private static ValueTask RedirectAsync(ClientConnection client)
    {
        var head = client.Exchange.Head;
        var target = Encoding.Latin1.GetString(head.Target(client.HeadBytes));
        // "//host" would be taken for another host.
        var location = "/" + target[..head.PathLength].TrimStart('/') + "/" + target[head.PathLength..];
        return LocalAnswer.SendAsync(client, 301, "a directory's page has a slash at its end", $"Location: {location}\r\n");
    }
}
