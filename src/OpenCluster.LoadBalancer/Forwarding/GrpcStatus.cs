using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// What gRPC's clients understand of an answer of ours: not its HTTP status but fields of its own, which come at once when there is no message
/// ("Trailers-Only" in gRPC's mapping to HTTP/2).
/// </summary>
internal static class GrpcStatus
{
    /// <summary>Whether a request is gRPC; gRPC-Web, which browsers speak over any HTTP, is another protocol.</summary>
    public static bool IsAskedFor(RequestHead head, ReadOnlySpan<byte> bytes)
    {
        if (head.Method != RequestMethod.Post) return false;
        var type = head.Fields.Value(bytes, "content-type"u8);
        return type.Length >= 16 && Ascii.EqualsIgnoreCase(type[..16], "application/grpc"u8) && (type.Length == 16 || type[16] is (byte)'+' or (byte)';');
    }

    /// <summary>The code that stands for an HTTP status, as gRPC's "HTTP to gRPC Status Code Mapping" has it; 413 is RESOURCE_EXHAUSTED besides.</summary>
    public static int Of(int status) => status switch
    {
        400 or 431 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        413 => 8,
        429 or 502 or 503 or 504 => 14,
        _ => 2,
    };

    /// <summary>The whole answer.</summary>
    /// <param name="message">For the caller's log.</param>
    public static byte[] Answer(int status, string message, DateField date) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nGrpc-Status: {Of(status)}\r\nGrpc-Message: {message.Replace("%", "%25", StringComparison.Ordinal)}\r\nContent-Length: 0\r\n{Encoding.ASCII.GetString(date.Line)}\r\n");
}
