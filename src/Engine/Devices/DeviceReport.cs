namespace Distributed.Engine.Devices;

/// <summary>What a device did for a job.</summary>
/// <param name="Kernel">The device and its kernel, for people.</param>
/// <param name="SameBitsAsCpu">Whether its folds have the bits of the CPU kernels.</param>
/// <param name="Folds">Folds done: each is some row groups against one tile.</param>
/// <param name="PassedOn">Folds left to the CPU because a number in them is NaN or infinite.</param>
/// <param name="Failures">Folds that failed on the device and were done by the CPU.</param>
/// <param name="SpansUploaded">Key spans brought to the device.</param>
/// <param name="LastFailure">What the last failure was; null = none.</param>
public sealed record DeviceReport(
    string Kernel, bool SameBitsAsCpu, long Folds, long PassedOn, long Failures, long SpansUploaded, string? LastFailure);
