namespace OpenCluster.Ssh;

/// <summary>A host cannot be reached or used; the message says why and what to do.</summary>
internal sealed class SshException(string message) : Exception(message);
