namespace OpenCluster.LoadBalancer.Http;

/// <summary>Reads one cookie of a request (RFC 6265 §5.4: <c>a=1; b=2</c>).</summary>
internal static class Cookies
{
    public static bool TryFind(Fields fields, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly var line in fields.Lines)
        {
            if (line.NameLength != 6 || !System.Text.Ascii.EqualsIgnoreCase(bytes.Slice(line.NameStart, 6), "cookie"u8)) continue;
            var list = bytes.Slice(line.ValueStart, line.ValueLength);
            while (!list.IsEmpty)
            {
                var semicolon = list.IndexOf((byte)';');
                var pair = Grammar.Trim(semicolon < 0 ? list : list[..semicolon]);
                list = semicolon < 0 ? default : list[(semicolon + 1)..];
                if (pair.Length <= name.Length || pair[name.Length] != '=' || !pair.StartsWith(name)) continue;
                value = pair[(name.Length + 1)..];
                return true;
            }
        }
        value = default;
        return false;
    }
}
