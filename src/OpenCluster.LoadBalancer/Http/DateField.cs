using System.Globalization;
using System.Text;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>
/// The line <c>Date</c>, which whoever has a clock puts in an answer that has none (RFC 9110 §6.6.1). Written once a second, with the keeper's
/// tick: an answer that takes it costs a copy of 37 bytes.
/// </summary>
internal sealed class DateField
{
    private readonly TimeKeeper _keeper;
    private byte[] _line;
    private long _second;

    public DateField(TimeKeeper keeper)
    {
        _keeper = keeper;
        _line = LineOf(keeper.Now);
        keeper.Ticked += Refresh;
    }

    /// <summary>With its CRLF; at most <see cref="TimeKeeper.Period"/> late.</summary>
    public byte[] Line => Volatile.Read(ref _line);

    /// <summary>The line for a time, as RFC 9110 §5.6.7 writes it.</summary>
    public static byte[] LineOf(DateTimeOffset time) => Encoding.ASCII.GetBytes($"Date: {time.ToString("R", CultureInfo.InvariantCulture)}\r\n");

    private void Refresh()
    {
        var now = _keeper.Now;
        var second = now.ToUnixTimeSeconds();
        if (second == _second) return;
        _second = second;
        Volatile.Write(ref _line, LineOf(now));
    }
}
