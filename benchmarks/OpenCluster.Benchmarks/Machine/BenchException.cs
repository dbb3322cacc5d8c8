namespace OpenCluster.Benchmarks.Machine;

/// <summary>A figure could not be taken. The message says why and what to do; no row is printed then, rather than a wrong one.</summary>
internal sealed class BenchException(string message) : Exception(message);
