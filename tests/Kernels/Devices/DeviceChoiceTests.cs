using Distributed.Kernels.Devices;

namespace Distributed.Kernels.Tests.Devices;

public sealed class DeviceChoiceTests
{
    [Theory]
    [InlineData("auto", DeviceKind.Auto, null)]
    [InlineData("cpu", DeviceKind.Cpu, null)]
    [InlineData("cuda", DeviceKind.Cuda, null)]
    [InlineData("cuda:0", DeviceKind.Cuda, 0)]
    [InlineData("opencl:12", DeviceKind.OpenCl, 12)]
    [InlineData("ilgpu-cpu", DeviceKind.Emulated, null)]
    public void What_is_written_is_read_and_written_again(string text, DeviceKind kind, int? index)
    {
        Assert.True(DeviceChoice.TryParse(text, out DeviceChoice choice));
        Assert.Equal(new DeviceChoice(kind, index), choice);
        Assert.Equal(text, choice.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("CUDA")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1:2")]
    [InlineData("cpu:0")]
    [InlineData("auto:0")]
    [InlineData("ilgpu-cpu:0")]
    public void Anything_else_is_refused(string text) => Assert.False(DeviceChoice.TryParse(text, out _));

    [Fact]
    public void The_cpu_is_no_device_and_needs_no_search()
    {
        DeviceSearch search = AttentionDevices.Find(DeviceChoice.Cpu);
        Assert.Null(search.Device);
        Assert.Empty(search.Notes);
    }

    [Fact]
    public void A_device_number_that_no_machine_has_is_refused_in_one_sentence()
    {
        DeviceException refused = Assert.Throws<DeviceException>(() => AttentionDevices.Find(new DeviceChoice(DeviceKind.Cuda, 4711)));
        Assert.StartsWith("Device cuda:4711 cannot be used: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        if (!KernelsAssembly.HasIlgpu)
            Assert.Contains("ILGPU was not on the package feed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_device_auto_says_why_it_takes_the_cpu()
    {
        DeviceSearch search = AttentionDevices.Find(DeviceChoice.Auto);
        Assert.NotEmpty(search.Notes);
        Assert.All(search.Notes, note => Assert.EndsWith(".", note, StringComparison.Ordinal));
    }
}
