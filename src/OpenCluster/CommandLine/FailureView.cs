using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenCluster.CommandLine;

/// <summary>What <c>--json</c> prints instead of an answer when there is none: <c>{"error": {"code", "message", "errors"}}</c>.</summary>
internal sealed record FailureView(FailureView.Reason Error)
{
    /// <param name="Code">Stable, kebab-case: the API's codes, and <c>usage</c>, <c>no-cluster</c>, <c>unreachable</c>, <c>timeout</c>, <c>interrupted</c>, <c>failed</c>.</param>
    /// <param name="Message">For people.</param>
    /// <param name="Errors">All of them, one a line, where there are several.</param>
    internal sealed record Reason(string Code, string Message, ImmutableArray<string> Errors);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(FailureView))]
internal sealed partial class FailureJson : JsonSerializerContext;
