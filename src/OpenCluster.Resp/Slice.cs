namespace OpenCluster.Resp;

/// <summary>A part of a buffer.</summary>
public readonly record struct Slice(int Offset, int Length);
