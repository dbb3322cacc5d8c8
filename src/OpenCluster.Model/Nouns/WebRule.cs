using System.Collections.Immutable;

namespace OpenCluster.Model.Nouns;

/// <summary>How the built-in web server serves the files below its root.</summary>
public sealed record WebRule
{
    /// <summary>Served with 200 where a page is asked for that does not exist, for sites that route in the browser: <c>/index.html</c>. Empty: 404.</summary>
    public string Fallback { get; init; } = "";
    /// <summary>The page that goes with a 404: <c>/404.html</c>. Empty for a line of text.</summary>
    public string NotFound { get; init; } = "";
    /// <summary>How long clients may use a file without asking again. Default zero: they ask each time, which a validator answers cheaply.</summary>
    public TimeSpan FreshFor { get; init; }
    /// <summary>Paths whose files never change because their names do: clients keep them for a year.</summary>
    public ImmutableArray<string> Immutable { get; init; } = [];
    /// <summary>Compress texts that have no compressed file beside them. Default true.</summary>
    public bool Compress { get; init; } = true;
}
