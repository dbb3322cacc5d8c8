using System.Text;
using OpenCluster.Decisions.Routing;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Routing;

/// <summary>A parsed head as routing sees it.</summary>
internal readonly ref struct HeadFields(Fields fields, ReadOnlySpan<byte> bytes) : IRequestFields
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public bool TryFind(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly var line in fields.Lines)
        {
            if (!Ascii.EqualsIgnoreCase(_bytes.Slice(line.NameStart, line.NameLength), name)) continue;
            value = _bytes.Slice(line.ValueStart, line.ValueLength);
            return true;
        }
        value = default;
        return false;
    }
}
