namespace OpenCluster.Controller.Conducting;

/// <summary>The shell's own documents, kept apart from the conductor's by one prefix, and committed in the same transactions.</summary>
internal static class OwnKeys
{
    public const string Prefix = "controller/";

    /// <summary>Counts controllers: each start puts the next number, and whoever finds another there than its own may not write.</summary>
    public const string Epoch = Prefix + "epoch";

    /// <summary>Written and deleted again, to see whether the store writes.</summary>
    public const string Probe = Prefix + "probe";

    public static bool IsOwn(string key) => key.StartsWith(Prefix, StringComparison.Ordinal);
}
