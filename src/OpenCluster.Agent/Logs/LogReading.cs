using System.Runtime.CompilerServices;

namespace OpenCluster.Agent.Logs;

/// <summary>Reads a log as it is, from its last lines on, and goes on as it grows.</summary>
internal static class LogReading
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private const int Chunk = 16 * 1024;
    private const int MostBack = 4 << 20;

    /// <summary>Pieces of the log, until the end, or with <paramref name="follow"/> until cancelled.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string path, int lines, bool follow, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        var buffer = new byte[Chunk];
        long at = -1;
        while (true)
        {
            if (File.Exists(path))
            {
                await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
                if (at < 0) at = StartOfLast(file, lines);
                if (at > file.Length) at = 0; // it was rotated meanwhile
                file.Seek(at, SeekOrigin.Begin);
                for (int read; (read = await file.ReadAsync(buffer, ct)) > 0; at += read) yield return buffer.AsMemory(0, read);
            }
            if (!follow) yield break;
            at = Math.Max(at, 0);
            await Task.Delay(Look, time, ct);
        }
    }

    private static long StartOfLast(FileStream file, int lines)
    {
        var buffer = new byte[Chunk];
        var end = file.Length;
        var wanted = lines + 1;
        for (var start = end; start > 0 && end - start < MostBack;)
        {
            var size = (int)Math.Min(Chunk, start);
            start -= size;
            file.Seek(start, SeekOrigin.Begin);
            file.ReadExactly(buffer, 0, size);
            for (var i = size - 1; i >= 0; i--)
            {
                // The newline that ends the last line counts as well, unless the last line is unfinished.
                if (start + i == end - 1 && buffer[i] != '\n') wanted--;
                if (buffer[i] == '\n' && --wanted == 0) return start + i + 1;
            }
        }
        return Math.Max(0, end - MostBack);
    }
}
