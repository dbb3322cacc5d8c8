using System.Text.Json.Serialization;

namespace OpenCluster.Store.Etcd;

// The messages of etcd's v3 API (etcdserverpb/rpc.proto, mvccpb/kv.proto) as its gateway maps them to JSON: bytes are
// base64, 64-bit numbers are strings, and a field that has its default is left out. Only the fields that are used here.

internal interface IEtcdAnswer
{
    ResponseHeader? Header { get; }
}

internal sealed record ResponseHeader(ulong ClusterId, long Revision);

internal sealed record KeyValue(byte[] Key, byte[]? Value, long CreateRevision, long ModRevision, long Lease);

internal sealed record RangeRequest(byte[] Key, byte[]? RangeEnd = null, long? Limit = null, long? Revision = null, bool? KeysOnly = null);

internal sealed record RangeResponse(ResponseHeader? Header, IReadOnlyList<KeyValue>? Kvs, bool More) : IEtcdAnswer;

internal sealed record PutRequest(byte[] Key, byte[] Value, long? Lease);

internal sealed record DeleteRangeRequest(byte[] Key);

internal sealed record Compare(byte[] Key, string Result, long ModRevision)
{
    public string Target => "MOD";
}

internal sealed record RequestOp(RangeRequest? RequestRange = null, PutRequest? RequestPut = null, DeleteRangeRequest? RequestDeleteRange = null);

internal sealed record TxnRequest(IReadOnlyList<Compare> Compare, IReadOnlyList<RequestOp> Success, IReadOnlyList<RequestOp> Failure);

internal sealed record ResponseOp(RangeResponse? ResponseRange);

internal sealed record TxnResponse(ResponseHeader? Header, bool Succeeded, IReadOnlyList<ResponseOp>? Responses) : IEtcdAnswer;

internal sealed record LeaseGrantRequest([property: JsonPropertyName("TTL")] long TimeToLive);

internal sealed record LeaseGrantResponse(
    ResponseHeader? Header,
    [property: JsonPropertyName("ID")] long Id,
    [property: JsonPropertyName("TTL")] long TimeToLive) : IEtcdAnswer;

internal sealed record LeaseRequest([property: JsonPropertyName("ID")] long Id);

internal sealed record LeaseRevokeResponse(ResponseHeader? Header) : IEtcdAnswer;

/// <summary>A message of a stream; the gateway wraps those.</summary>
internal sealed record Streamed<T>(T? Result, StreamError? Error)
    where T : class;

internal sealed record StreamError(string? Message);

internal sealed record LeaseKeepAliveResponse(ResponseHeader? Header, [property: JsonPropertyName("TTL")] long TimeToLive);

internal sealed record LeaseKeepAliveAnswer(LeaseKeepAliveResponse? Result, StreamError? Error) : IEtcdAnswer
{
    [JsonIgnore]
    public ResponseHeader? Header => Result?.Header;
}

internal sealed record WatchCreateRequest(byte[] Key, byte[] RangeEnd, long StartRevision, bool ProgressNotify);

internal sealed record WatchRequest(WatchCreateRequest CreateRequest);

internal sealed record WatchEvent(string? Type, KeyValue Kv)
{
    [JsonIgnore]
    public bool IsDelete => Type == "DELETE";
}

internal sealed record WatchResponse(
    ResponseHeader? Header, bool Created, bool Canceled, long CompactRevision, string? CancelReason, IReadOnlyList<WatchEvent>? Events);

internal sealed record AuthenticateRequest(string Name, string Password);

internal sealed record AuthenticateResponse(ResponseHeader? Header, string? Token) : IEtcdAnswer;

internal sealed record ErrorResponse(string? Message, int Code);

/// <summary>What the generation's key holds.</summary>
internal sealed record GenerationDocument(long Number, ulong ClusterId);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
[JsonSerializable(typeof(RangeRequest))]
[JsonSerializable(typeof(RangeResponse))]
[JsonSerializable(typeof(TxnRequest))]
[JsonSerializable(typeof(TxnResponse))]
[JsonSerializable(typeof(LeaseGrantRequest))]
[JsonSerializable(typeof(LeaseGrantResponse))]
[JsonSerializable(typeof(LeaseRequest))]
[JsonSerializable(typeof(LeaseRevokeResponse))]
[JsonSerializable(typeof(LeaseKeepAliveAnswer))]
[JsonSerializable(typeof(WatchRequest))]
[JsonSerializable(typeof(Streamed<WatchResponse>))]
[JsonSerializable(typeof(AuthenticateRequest))]
[JsonSerializable(typeof(AuthenticateResponse))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(GenerationDocument))]
internal sealed partial class EtcdJson : JsonSerializerContext;
