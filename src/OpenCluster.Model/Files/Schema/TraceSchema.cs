using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>traces</c>: where requests are told to.</summary>
internal static class TraceSchema
{
    private static readonly TextShape Url = new("a URL", NotACollector);
    private static readonly OptionalKey<string> To = new("to", Url, "The collector: OTLP over HTTP, in JSON.") { Required = true };
    private static readonly Key<double> Share = new("share", new PercentShape(1), "Requests told of those that come without a trace of their own (W3C traceparent); the others are told when their client says so.", new TraceRule("").Share);

    public static readonly ObjectShape<TraceRule> Shape = new("a trace rule", [To, Share], o => new TraceRule(o.Need(To, ""), o.Get(Share)))
    {
        Short = new ShortForm<string, TraceRule>(Url, (url, _) => new TraceRule(url)),
    };

    private static Wrong? NotACollector(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", UserInfo: "" }
        ? null
        : new Wrong("is not the URL of a collector", "Such as http://10.0.0.9:4318/v1/traces");
}
