using System.Net;

namespace OpenCluster.Store.Etcd;

/// <summary>What etcd answered instead of a result.</summary>
/// <param name="Code">The gRPC status code (grpc/grpc doc/statuscodes.md).</param>
/// <param name="Message">etcd's own words.</param>
/// <param name="Status">The gateway's HTTP status.</param>
internal sealed record EtcdError(int Code, string Message, HttpStatusCode Status)
{
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int ResourceExhausted = 8;
    private const int Unauthenticated = 16;

    public bool LeaseNotFound => Code == NotFound && Message.Contains("lease not found", StringComparison.Ordinal);

    public bool Compacted => Message.Contains("has been compacted", StringComparison.Ordinal);

    /// <summary>The token is no longer good; a new one will be.</summary>
    public bool WantsNewToken =>
        Code == Unauthenticated
        || Message.Contains("invalid auth token", StringComparison.Ordinal)
        || (Code == InvalidArgument && Message.Contains("auth store is old", StringComparison.Ordinal));

    /// <summary>This member cannot say, another one perhaps can.</summary>
    public bool WorthAnotherMember => (int)Status is >= 500;

    /// <summary>The request may have been carried out, or may yet be. Refusals before it was proposed say so by their code.</summary>
    public bool OutcomeUnknown => WorthAnotherMember && !Message.Contains("no leader", StringComparison.Ordinal);

    public string Advice => Code switch
    {
        ResourceExhausted => $"{Message}. Make room in etcd: compact, defragment, then disarm its alarm.",
        InvalidArgument or Unauthenticated => $"{Message}. Check the user and password given for etcd.",
        _ => Message,
    };
}
