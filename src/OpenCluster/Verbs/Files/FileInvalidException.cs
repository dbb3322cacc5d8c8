using System.Collections.Immutable;

namespace OpenCluster.Verbs.Files;

/// <summary>A cluster file with mistakes, all of them, one a line.</summary>
internal sealed class FileInvalidException(ImmutableArray<string> errors) : Exception($"the file has {errors.Length} {(errors.Length == 1 ? "mistake" : "mistakes")}:")
{
    public ImmutableArray<string> Errors { get; } = errors;
}
