namespace OpenCluster.Model.Rules;

/// <summary>Something wrong in a cluster that only shows when its objects are seen together.</summary>
/// <param name="Path">The field at fault in the file's words, in dots: <c>routes.api.to</c>.</param>
/// <param name="What">What is wrong, without a final stop.</param>
/// <param name="Instead">What to write, without a final stop; may be empty.</param>
public sealed record Finding(string Path, string What, string Instead);
