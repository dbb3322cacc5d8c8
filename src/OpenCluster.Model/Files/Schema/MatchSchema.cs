using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>match</c>: one host and path prefix.</summary>
internal static class MatchSchema
{
    private static readonly TextShape UrlPath = new("a path of a URL", Texts.NotAUrlPath);

    private static readonly Key<string> Host = new("host", new TextShape("a host", Texts.NotAHostPattern), "The host: example.org, *.example.org (any one label below), * for any.", "*");
    private static readonly Key<string> Path = new("path", UrlPath, "The beginning of the path, whole segments.", "/");
    private static readonly Key<ImmutableArray<string>> Except = new("except", new ListShape<string>("paths", UrlPath), "Paths below it that are not part of the route.", []);
    private static readonly Key<bool> Strip = new("strip", new FlagShape(), "Take the path off before forwarding: /api/x reaches the service as /x.", false);

    private static readonly Key<string> Rewrite = new("rewrite", UrlPath, "Put this in the path's place before forwarding: with /v2, /api/x reaches the service as /v2/x.", "") { UsualWords = "nothing is replaced" };
    private static readonly Key<ImmutableArray<string>> Methods = new("methods", new ListShape<string>("methods", new TextShape("a method", Texts.NotAMethod)),
        "Only requests with these methods; others go to the next best match.", [])
    { UsualWords = "all" };
    private static readonly Key<ImmutableSortedDictionary<string, string>> Headers = new("headers", new TextMapShape("headers", Texts.HeaderPattern, Texts.NotAHeader),
        "Only requests that have all of these headers with exactly these texts; \"*\" for any text.", Common.NoTexts)
    { UsualWords = "none" };

    public static readonly ObjectShape<RouteMatch> Shape = new("a match", [Host, Path, Except, Strip, Rewrite, Methods, Headers], Read)
    {
        Short = new ShortForm<string, RouteMatch>(new TextShape("HOST, HOST/PATH or /PATH", NotAMatch), (text, _) => Split(text)),
    };

    private static RouteMatch Read(ObjectReader o)
    {
        if (o.Get(Strip) && o.Has(Rewrite))
            o.Wrong(Rewrite, "the path is either taken off or replaced", "Take \"strip\" or \"rewrite\" out");
        return new RouteMatch(o.Get(Host), o.Get(Path))
        {
            Except = o.Get(Except),
            Strip = o.Get(Strip),
            Rewrite = o.Get(Rewrite),
            Methods = o.Get(Methods),
            Headers = [.. o.Get(Headers).Select(h => new HeaderMatch(h.Key, h.Value == "*" ? null : h.Value))],
        };
    }

    private static Wrong? NotAMatch(string text)
    {
        var match = Split(text);
        return Texts.NotAHostPattern(match.Host) ?? Texts.NotAUrlPath(match.Path);
    }

    private static RouteMatch Split(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash switch
        {
            < 0 => new RouteMatch(text),
            0 => new RouteMatch("*", text),
            _ => new RouteMatch(text[..slash], text[slash..]),
        };
    }
}

/// <summary><c>redirect</c>: where clients are sent instead.</summary>
internal static class RedirectSchema
{
    private static readonly TextShape Address = new("an address, https://HOST/PATH, or a /PATH", NotAnAddress);

    private static readonly OptionalKey<string> To = new("to", Address, "The address, or a path of the same host.") { Required = true };
    private static readonly Key<int> Status = new("status", new ChoiceShape<int>(("308", 308), ("301", 301), ("302", 302), ("303", 303), ("307", 307)),
        "What clients are told: 308 and 301 are for good and are remembered, 307 and 302 for now; with 308 and 307 a POST stays a POST, 303 makes it a GET.", 308);
    private static readonly Key<bool> Exactly = new("exactly", new FlagShape(), "Everybody to that very address, without the rest of the path and the query.", false);

    public static readonly ObjectShape<Redirect> Shape = new("a redirect", [To, Status, Exactly], o => new Redirect(o.Need(To, "/"), o.Get(Status), o.Get(Exactly)))
    {
        Short = new ShortForm<string, Redirect>(Address, (to, _) => new Redirect(to)),
    };

    private static Wrong? NotAnAddress(string text)
    {
        // "//host" would be taken for another host.
        if (text.StartsWith('/') && !text.StartsWith("//", StringComparison.Ordinal))
            return Texts.NotAUrlPath(text);
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0
            && !text.Any(c => c is <= ' ' or > '~') && !text.Contains('#')
            ? null
            : new Wrong("is no address to be sent to", "Such as https://www.example.org or /new");
    }
}
