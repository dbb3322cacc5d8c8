using System.Globalization;
using System.Text;

namespace OpenCluster.Resp;

/// <summary>What a reply is.</summary>
public enum RespKind
{
    Simple,
    Error,
    Integer,
    Bulk,
    Null,
    Array,
    Map,
    Set,
    Push,
    Double,
    Boolean,
    Verbatim,
    BigNumber,
}

/// <summary>A reply that was read: bytes for what is text, items for what is a list (a map's keys and values by turns), a number for the rest.</summary>
public sealed record RespValue(RespKind Kind, byte[] Bytes, IReadOnlyList<RespValue> Items, long Integer)
{
    public static readonly RespValue Null = new(RespKind.Null, [], [], 0);

    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>As text in which each byte is one letter, whatever it holds.</summary>
    public string Latin1 => Encoding.Latin1.GetString(Bytes);

    public bool IsError => Kind == RespKind.Error;

    /// <summary>As redis-cli prints it, on one line.</summary>
    public override string ToString() => Kind switch
    {
        RespKind.Null => "(nil)",
        RespKind.Integer => Integer.ToString(CultureInfo.InvariantCulture),
        RespKind.Boolean => Integer == 1 ? "(true)" : "(false)",
        RespKind.Error => "(error) " + Text,
        RespKind.Array or RespKind.Map or RespKind.Set or RespKind.Push => "[" + string.Join(", ", Items) + "]",
        _ => '"' + Text + '"',
    };
}
