using System.Collections.Immutable;

namespace OpenCluster.Api.Views;

/// <summary>A secret as people see it: everything but its value.</summary>
/// <param name="Version">The newest value's number; 0 when it has none.</param>
/// <param name="UsedBy">Services that may have it, and those whose builds may.</param>
/// <param name="State"><c>set</c>; <c>missing</c> (no value yet); <c>unreadable</c> (the key it was sealed with is not here: set it anew); <c>undeclared</c> (the file names it no longer).</param>
public sealed record SecretView(string Name, int Version, DateTimeOffset? Set, string By, ImmutableArray<string> UsedBy, string State);

/// <summary>A value, for the agent whose server may have it.</summary>
public sealed record SecretValueView(string Id, int Version, byte[] Value)
{
    /// <summary>Never the value: records end up in logs.</summary>
    public override string ToString() => $"value {Version} of {Id}";
}
