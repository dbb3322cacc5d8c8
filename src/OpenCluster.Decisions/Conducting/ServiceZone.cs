namespace OpenCluster.Decisions.Conducting;

/// <summary>A service in a zone, by ids: what one deployment at a time is about. Built-in parts have their own id and no zone.</summary>
public readonly record struct ServiceZone(string ServiceId, string Zone);
