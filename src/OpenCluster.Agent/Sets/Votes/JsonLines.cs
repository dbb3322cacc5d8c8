using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenCluster.Agent.Sets.Votes;

/// <summary>One JSON value a line, both ways. A line of at most 4 KiB.</summary>
internal sealed class JsonLines(Stream stream) : IDisposable
{
    private const int Longest = 4096;
    private readonly byte[] _buffer = new byte[Longest];
    private int _filled;

    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken ct)
    {
        // In one piece: TLS makes a record of each write.
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\n'];
        await stream.WriteAsync(line, ct);
    }

    /// <summary>Null at the end of the stream.</summary>
    /// <exception cref="JsonException">A line is no such value.</exception>
    /// <exception cref="IOException">A line is too long, or the connection broke.</exception>
    public async Task<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken ct) where T : class
    {
        while (true)
        {
            var end = _buffer.AsSpan(0, _filled).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var value = JsonSerializer.Deserialize(_buffer.AsSpan(0, end), type);
                _buffer.AsSpan(end + 1, _filled - end - 1).CopyTo(_buffer);
                _filled -= end + 1;
                return value;
            }

            if (_filled == Longest) throw new IOException($"a line is longer than {Longest} bytes");
            var read = await stream.ReadAsync(_buffer.AsMemory(_filled), ct);
            if (read == 0) return null;
            _filled += read;
        }
    }

    public void Dispose() => stream.Dispose();
}
