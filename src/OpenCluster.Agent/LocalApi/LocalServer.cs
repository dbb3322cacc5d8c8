using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenCluster.Api.Client;

namespace OpenCluster.Agent.LocalApi;

/// <summary>
/// The agent's own socket, for its own user alone (mode 0600): one request a line, one answer a line. No web server: an idle agent should
/// cost a few megabytes. At most 16 conversations at once; a line of at most 4 KiB.
/// </summary>
internal sealed class LocalServer(string path, Func<LocalRequest, CancellationToken, Task<LocalAnswer>> answer)
{
    private const int MostAtOnce = 16, LongestLine = 4096;
    private readonly SemaphoreSlim _room = new(MostAtOnce);

    public async Task RunAsync(CancellationToken ct)
    {
        File.Delete(path);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (var at = new SocketPath(path)) listener.Bind(at.EndPoint);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        listener.Listen(MostAtOnce);
        try
        {
            while (true)
            {
                await _room.WaitAsync(ct);
                _ = ConverseAsync(await listener.AcceptAsync(ct), ct);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task ConverseAsync(Socket socket, CancellationToken ct)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            var buffer = new byte[LongestLine];
            var length = 0;
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), ct);
                if (read is 0) return;
                length += read;
                for (int end; (end = buffer.AsSpan(0, length).IndexOf((byte)'\n')) >= 0;)
                {
                    var reply = await AnswerAsync(buffer.AsMemory(0, end), ct);
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(reply, AgentJson.Default.LocalAnswer) + "\n"), ct);
                    buffer.AsSpan(end + 1, length - end - 1).CopyTo(buffer);
                    length -= end + 1;
                }
                if (length == buffer.Length) return; // no request is that long
            }
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
        {
            return; // the caller went away, or the agent does
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task<LocalAnswer> AnswerAsync(ReadOnlyMemory<byte> line, CancellationToken ct)
    {
        try
        {
            var request = JsonSerializer.Deserialize(line.Span, AgentJson.Default.LocalRequest);
            return request is null ? new LocalAnswer { Error = "an empty request" } : await answer(request, ct);
        }
        catch (JsonException wrong)
        {
            return new LocalAnswer { Error = $"not a request: {wrong.Message}" };
        }
        catch (AgentException refused)
        {
            return new LocalAnswer { Error = refused.Message };
        }
    }
}
