using System.Buffers;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>
/// What a field of HTTP/2 may look like, RFC 9113 §8.2. Checked before anything is written as HTTP/1.1: a line end within a value would become a
/// line of its own there, and a blank in a path another request.
/// </summary>
internal static class FieldRules
{
    /// <summary>tchar without upper case, §8.2.1.</summary>
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>A regular field that may pass: well formed, and none that belongs to one connection (§8.2.2).</summary>
    public static bool Allows(ReadOnlySpan<byte> name, FieldId id, ReadOnlySpan<byte> value)
    {
        if (name.IsEmpty || name.ContainsAnyExcept(NameBytes) || !IsValue(value)) return false;
        return id switch
        {
            FieldId.Connection or FieldId.KeepAlive or FieldId.ProxyConnection or FieldId.TransferEncoding or FieldId.Upgrade => false,
            FieldId.Te => value.SequenceEqual("trailers"u8),
            _ => true,
        };
    }

    /// <summary>No controls but TAB, and no blank at either end.</summary>
    public static bool IsValue(ReadOnlySpan<byte> value) =>
        !value.ContainsAny(Grammar.ControlsButTab) && (value.IsEmpty || (value[0] is not ((byte)' ' or (byte)'\t') && value[^1] is not ((byte)' ' or (byte)'\t')));
}
