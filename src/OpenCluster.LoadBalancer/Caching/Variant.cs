using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// The request headers an answer depends on, by its Vary (RFC 9111 §4.1), with the values they had. An answer is for requests that have the same.
/// </summary>
internal sealed class Variant
{
    /// <summary>Names beyond which an answer is not kept: nobody would ask the same way again.</summary>
    private const int MostNames = 8;

    private readonly (byte[] Name, byte[] Value)[] _fields;

    private Variant((byte[] Name, byte[] Value)[] fields) => _fields = fields;

    public static Variant Any { get; } = new([]);

    /// <summary>Null when the answer is for this one request alone: <c>Vary: *</c>.</summary>
    public static Variant? Of(Fields answer, ReadOnlySpan<byte> answerBytes, Fields request, ReadOnlySpan<byte> requestBytes)
    {
        var fields = new List<(byte[], byte[])>();
        foreach (ref readonly var line in answer.Lines)
        {
            if (!Ascii.EqualsIgnoreCase(answerBytes.Slice(line.NameStart, line.NameLength), "vary"u8)) continue;
            var list = answerBytes.Slice(line.ValueStart, line.ValueLength);
            foreach (var part in list.Split((byte)','))
            {
                var name = Grammar.Trim(list[part]);
                if (name.IsEmpty) continue;
                if (name is [(byte)'*'] || fields.Count == MostNames) return null;
                fields.Add((name.ToArray(), Joined(request, requestBytes, name)));
            }
        }
        return fields.Count == 0 ? Any : new Variant([.. fields]);
    }

    /// <summary>Whether both are for the very same requests.</summary>
    public bool IsSame(Variant other) =>
        _fields.Length == other._fields.Length && _fields.Zip(other._fields).All(p => p.First.Name.AsSpan().SequenceEqual(p.Second.Name) && p.First.Value.AsSpan().SequenceEqual(p.Second.Value));

    public bool Matches(Fields request, ReadOnlySpan<byte> bytes)
    {
        foreach (var (name, value) in _fields)
        {
            var rest = value.AsSpan();
            var isFirst = true;
            foreach (ref readonly var line in request.Lines)
            {
                if (!Ascii.EqualsIgnoreCase(bytes.Slice(line.NameStart, line.NameLength), name)) continue;
                if (!isFirst && (rest.IsEmpty || rest[0] != ',')) return false;
                if (!isFirst) rest = rest[1..];
                isFirst = false;
                var next = bytes.Slice(line.ValueStart, line.ValueLength);
                if (!rest.StartsWith(next)) return false;
                rest = rest[next.Length..];
            }
            if (!rest.IsEmpty) return false;
        }
        return true;
    }

    private static byte[] Joined(Fields fields, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        var joined = new List<byte>();
        var isFirst = true;
        foreach (ref readonly var line in fields.Lines)
        {
            if (!Ascii.EqualsIgnoreCase(bytes.Slice(line.NameStart, line.NameLength), name)) continue;
            if (!isFirst) joined.Add((byte)',');
            isFirst = false;
            joined.AddRange(bytes.Slice(line.ValueStart, line.ValueLength));
        }
        return [.. joined];
    }
}
