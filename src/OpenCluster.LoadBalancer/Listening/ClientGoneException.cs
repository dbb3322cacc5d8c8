namespace OpenCluster.LoadBalancer.Listening;

/// <summary>The client's connection ended or its time was over. Told apart from the end of a target's connection, which may be made good.</summary>
internal sealed class ClientGoneException(Exception inner) : Exception("the client's connection ended", inner);
