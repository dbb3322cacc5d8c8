using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Model.Nouns;
using OpenCluster.Model;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Whether two specifications run the same. How many, where and how they are rolled out are standing orders, not part of what
/// runs: changing them replaces nothing.
/// </summary>
internal static class SpecComparison
{
    public static bool RunsTheSame(ServiceSpec? a, ServiceSpec? b) =>
        a is null || b is null ? a is null && b is null : Same(Bare(a), Bare(b), ModelJson.Default.ServiceSpec);

    public static bool Same(Source? a, Source? b) =>
        // How often the remote is asked is no part of where the code comes from.
        a is null || b is null ? a is null && b is null : a with { Poll = null } == b with { Poll = null };

    public static bool Same(Build? a, Build? b) =>
        a is null || b is null ? a is null && b is null : Same(a, b, ModelJson.Default.Build);

    private static ServiceSpec Bare(ServiceSpec spec) => spec with
    {
        Instances = 1,
        RollOut = new(),
        OnNewSecret = default,
        Tags = [],
        Expects = new(),
        Objectives = new(),
    };

    /// <summary>Records with collections compare by reference; their JSON compares by content.</summary>
    private static bool Same<T>(T a, T b, JsonTypeInfo<T> json) =>
        ReferenceEquals(a, b) || JsonSerializer.SerializeToUtf8Bytes(a, json).AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(b, json));
}
