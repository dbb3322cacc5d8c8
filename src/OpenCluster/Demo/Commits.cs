namespace OpenCluster.Demo;

/// <summary>What the demo's developer pushes to the API: one good commit and two that must not reach customers.</summary>
internal sealed record Commits(string Message, Func<string, string> Edit)
{
    public const string File = "app.py";

    public static readonly Commits Better = new("Version 2", source => source.Replace("VERSION = \"1\"", "VERSION = \"2\"", StringComparison.Ordinal));

    /// <summary>Ends at once: it imports what is not there.</summary>
    public static readonly Commits NeverStarts = new("Take payments", source => source.Replace("import json\n", "import json\nimport joebarry_payments\n", StringComparison.Ordinal));

    /// <summary>Starts and answers its check, then breaks under traffic: every request after the thirtieth raises, its check included.</summary>
    public static readonly Commits FailsLater = new("Remember every visitor", source => source
        .Replace("stopping = threading.Event()\n", "stopping = threading.Event()\nvisitors = []\n", StringComparison.Ordinal)
        .Replace(
            "            if path == \"/health\":\n",
            """
                        visitors.append(path)
                        if len(visitors) > 30:
                            raise MemoryError("no room for another visitor")
                        if path == "/health":

            """, StringComparison.Ordinal));
}
