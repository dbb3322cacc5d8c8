using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary>A directory of files and how they are served.</summary>
internal sealed record WebSite(string Root, WebRule Rule);

/// <summary><c>web</c>: static files.</summary>
internal static class WebSchema
{
    private static readonly WebRule Usual = new();
    private static readonly TextShape UrlPath = new("a path of a URL", Texts.NotAUrlPath);

    private static readonly Key<string> Root = new("root", Common.Directory, "The directory whose files are served; \".\" for the whole release.", ".");
    private static readonly Key<string> Fallback = new("fallback", UrlPath,
        "What is served where a page does not exist, for sites that route in the browser: /index.html. Files with an extension are not pages.", "")
    { UsualWords = "none, 404" };
    private static readonly Key<string> NotFound = new("not-found", UrlPath, "The page that goes with a 404.", "") { UsualWords = "a line of text" };
    private static readonly Key<TimeSpan> FreshFor = new("fresh-for", Common.Duration("0s", "365d"), "How long browsers and caches may use a file without asking again.", Usual.FreshFor);
    private static readonly Key<ImmutableArray<string>> Immutable = new("immutable", new ListShape<string>("paths", UrlPath),
        "Paths whose files never change because their names do, such as those with a hash in it: kept for a year.", []);
    private static readonly Key<bool> Compress = new("compress", new FlagShape(), "Compress texts that have no .br, .zst or .gz beside them.", Usual.Compress);

    public static readonly ObjectShape<WebSite> Shape = new("a static site", [Root, Fallback, NotFound, FreshFor, Immutable, Compress], o => new WebSite(o.Get(Root), new WebRule
    {
        Fallback = o.Get(Fallback),
        NotFound = o.Get(NotFound),
        FreshFor = o.Get(FreshFor),
        Immutable = o.Get(Immutable),
        Compress = o.Get(Compress),
    }))
    {
        Short = new ShortForm<string, WebSite>(Common.Directory, (root, _) => new WebSite(root, Usual)),
    };
}
