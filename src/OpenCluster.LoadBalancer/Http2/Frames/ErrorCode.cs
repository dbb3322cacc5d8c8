namespace OpenCluster.LoadBalancer.Http2.Frames;

/// <summary>Why a stream or a connection ends, RFC 9113 §7.</summary>
internal enum ErrorCode : uint
{
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    SettingsTimeout = 4,
    StreamClosed = 5,
    FrameSizeError = 6,
    /// <summary>Not processed at all: the request may be sent again, whatever it was.</summary>
    RefusedStream = 7,
    Cancel = 8,
    CompressionError = 9,
    ConnectError = 10,
    EnhanceYourCalm = 11,
    InadequateSecurity = 12,
    Http11Required = 13,
}
