using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>balance</c>: which instance gets a request.</summary>
internal static class BalanceSchema
{
    private static readonly BalanceRule Usual = new();
    private static readonly TextShape KeyText = new("one of ip, path, \"header NAME\", \"cookie NAME\"", NotAKey);

    private static readonly ChoiceShape<BalancePolicy> Policies = new(
        ("least-outstanding", BalancePolicy.LeastOutstanding), ("round-robin", BalancePolicy.RoundRobin), ("hash", BalancePolicy.Hash));

    private static readonly Key<BalancePolicy> Policy = new("policy", Policies,
        "The less busy of two drawn, each in its turn, or the same key to the same instance.", Usual.Policy);
    private static readonly Key<string> By = new("hash-by", KeyText, "What decides with \"hash\"; a request without that header or cookie goes by its client's address.", "ip");
    private static readonly Key<bool> Near = new("near", new FlagShape(),
        "Prefer instances at the load-balancer's location while at least 71% of them are healthy; below that a part of the requests goes to the next nearest.", Usual.Near);
    private static readonly Key<ReleasePreference> Releases = new("releases",
        new ChoiceShape<ReleasePreference>(("any", ReleasePreference.Any), ("newer", ReleasePreference.Newer), ("older", ReleasePreference.Older)),
        "Which release is preferred while several serve, with the same spill-over.", Usual.Releases);
    private static readonly OptionalKey<double> NewestShare = new("newest-share", new PercentShape(1),
        "Requests that go to the newest release while an older one serves too.")
    { Otherwise = "its share of the instances" };
    private static readonly Key<double> Panic = new("panic", new PercentShape(1),
        "When fewer instances than this are healthy, and the others fell silent lately, the load-balancer suspects itself and uses all; 0% for never.", Usual.Panic);
    private static readonly Key<int> MaxInFlight = new("max-in-flight", new WholeShape(0, 1_000_000, "a number of requests"),
        "Requests at one time on one instance; more wait, see wait-for. 0 for no limit.", Usual.MaxInFlight);
    private static readonly OptionalKey<StickyRule> Sticky = new("sticky", StickySchema.Shape, "Keep a client with its instance by a cookie, until that dies or drains.") { Otherwise = "none" };

    public static readonly ObjectShape<BalanceRule> Shape = new("a balance rule", [Policy, By, Near, Releases, NewestShare, Panic, MaxInFlight, Sticky], o => new BalanceRule
    {
        Policy = o.Get(Policy),
        Key = KeyOf(o.Get(By)),
        Near = o.Get(Near),
        Releases = o.Get(Releases),
        NewestShare = o.Number(NewestShare),
        Panic = o.Get(Panic),
        MaxInFlight = o.Get(MaxInFlight),
        Sticky = o.Maybe(Sticky),
    })
    {
        Short = new ShortForm<BalancePolicy, BalanceRule>(Policies, (policy, _) => Usual with { Policy = policy }),
    };

    private static Wrong? NotAKey(string text) => text switch
    {
        "ip" or "path" => null,
        _ when text.StartsWith("header ", StringComparison.Ordinal) => Texts.NotAHeader(text[7..]),
        _ when text.StartsWith("cookie ", StringComparison.Ordinal) => Texts.NotAHeader(text[7..]),
        _ => new Wrong("is nothing to hash by", "Write ip, path, \"header X-User\" or \"cookie session\""),
    };

    private static HashKey KeyOf(string text) => text switch
    {
        "path" => new HashKey(HashSource.Path),
        _ when text.StartsWith("header ", StringComparison.Ordinal) => new HashKey(HashSource.Header, text[7..]),
        _ when text.StartsWith("cookie ", StringComparison.Ordinal) => new HashKey(HashSource.Cookie, text[7..]),
        _ => new HashKey(HashSource.Ip),
    };
}

/// <summary><c>sticky</c>: sessions.</summary>
internal static class StickySchema
{
    private static readonly TextShape CookieName = new("the name of a cookie", Texts.NotAHeader);

    private static readonly OptionalKey<string> Cookie = new("cookie", CookieName, "The cookie's name.") { Required = true };
    private static readonly Key<TimeSpan> For = new("for", Common.Duration("0s", "365d"), "How long the browser keeps it; 0s for as long as it runs.", TimeSpan.Zero);

    public static readonly ObjectShape<StickyRule> Shape = new("a sticky rule", [Cookie, For], o => new StickyRule(o.Need(Cookie, ""), o.Get(For)))
    {
        Short = new ShortForm<string, StickyRule>(CookieName, (cookie, _) => new StickyRule(cookie)),
    };
}
