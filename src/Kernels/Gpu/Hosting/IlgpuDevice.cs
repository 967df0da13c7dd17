using Distributed.Kernels.Devices;
using Distributed.Kernels.Gpu.Arithmetic;
using Distributed.Kernels.Gpu.Exact;
using Distributed.Kernels.Gpu.Tensor;
using ILGPU;
using ILGPU.IR;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Distributed.Kernels.Gpu.Hosting;

/// <summary>A device that ILGPU drives.</summary>
internal sealed class IlgpuDevice : AttentionDevice
{
    /// <summary>Share of the device's memory that jobs may take; the rest is the driver's, and others'.</summary>
    private const double MemoryShare = 0.8;

    private readonly Context _context;
    private volatile bool _lost;

    /// <summary>Takes a device into use.</summary>
    /// <param name="name">Name for people.</param>
    /// <param name="context">A context of this object's own.</param>
    /// <param name="accelerator">The device.</param>
    /// <param name="shuffles">Whether its threads can read each other's registers; null = as its kind says.</param>
    public IlgpuDevice(string name, Context context, Accelerator accelerator, bool? shuffles = null)
    {
        (Name, _context, Accelerator) = (name, context, accelerator);
        Exact = new ExactLaunchers(accelerator, shuffles ?? accelerator.AcceleratorType != AcceleratorType.OpenCL);
        Tensor = new TensorLaunchers(accelerator);
        bool emulated = accelerator.AcceleratorType == AcceleratorType.CPU;
        Serial = accelerator.AcceleratorType != AcceleratorType.Cuda;
        Groups = emulated ? 2 : Math.Max(1, accelerator.NumMultiprocessors) * ExactLaunchers.GroupsPerMultiprocessor;
        MostSessions = emulated ? 1 : 3;
        MemoryBytes = emulated ? EmulatedMemory : (long)(accelerator.MemorySize * MemoryShare);
    }

    /// <summary>Memory that the emulated device pretends to have.</summary>
    public const long EmulatedMemory = 256L << 20;

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override long MemoryBytes { get; }

    /// <inheritdoc/>
    /// <remarks>Twice as many row tiles as run at a time, so that long ones and short ones even out.</remarks>
    public override int RowsWanted => Groups * 128;

    /// <summary>The device.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The F32 kernels.</summary>
    public ExactLaunchers Exact { get; }

    /// <summary>The kernels for tensor cores.</summary>
    public TensorLaunchers Tensor { get; }

    /// <summary>Whether jobs may use tensor cores: the device has those that the kernels are written for, and passed its self-test on them.</summary>
    public bool HasTensorCores { get; set; }

    /// <inheritdoc/>
    public override DevicePeak Peak => Accelerator is CudaAccelerator cuda
        ? new DevicePeak(cuda.NumMultiprocessors, cuda.ClockRate / 1000, cuda.NumMultiprocessors * (double)LanesOf(cuda.Architecture) * cuda.ClockRate * 1000)
        : new DevicePeak(Accelerator.NumMultiprocessors, 0, 0);

    /// <summary>Held while something is handed to the device.</summary>
    public Lock Launching { get; } = new();

    /// <summary>Whether it may not be waited for by several threads at a time.</summary>
    public bool Serial { get; }

    /// <summary>Groups of threads that it is given at a time.</summary>
    public int Groups { get; }

    /// <summary>Folds that are under way at a time.</summary>
    public int MostSessions { get; }

    /// <summary>Whether its arithmetic is that of the CPU kernels, bit for bit: found out by the self-test.</summary>
    public bool Ieee { get; set; }

    /// <summary>A context in which kernels can be compiled.</summary>
    /// <param name="devices">Adds the devices.</param>
    public static Context NewContext(Action<Context.Builder> devices)
    {
        IlgpuLibraries.Resolve();
        return Context.Create(builder =>
        {
            devices(builder);
            builder.Optimize(OptimizationLevel.O2);
            DeviceIntrinsics.Register(builder.GetIntrinsicManager());
        });
    }

    /// <inheritdoc/>
    public override string Model => $"{Accelerator.AcceleratorType} {Accelerator.Name}";

    /// <inheritdoc/>
    public override DeviceJob Open(DeviceShape shape) =>
        shape.SameBits && !Ieee ? throw new DeviceException($"Device {Name} has not the bits of the CPU, and unlike devices share this job.")
        : HasTensorCores && !shape.SameBits && TensorSession.Does(shape) ? TensorSession.Open(this, shape)
        : ExactSession.Open(this, shape);

    /// <summary>Calls the device.</summary>
    /// <exception cref="DeviceException">It failed, or has failed before in a way that it does not recover from.</exception>
    public T Call<T>(Func<T> work)
    {
        if (_lost)
            throw new DeviceException($"Device {Name} has failed before and is not used again.");
        try
        {
            Accelerator.Bind();
            return work();
        }
        catch (Exception error) when (error is not (OperationCanceledException or DeviceException))
        {
            // A CUDA context does not recover from a failed kernel; what failed for want of memory may work later.
            _lost |= error is AcceleratorException { AcceleratorType: AcceleratorType.Cuda };
            throw new DeviceException($"Device {Name} failed: {error.Message}", error);
        }
    }

    /// <summary>Calls the device.</summary>
    /// <exception cref="DeviceException">It failed.</exception>
    public void Call(Action work) => Call(() =>
    {
        work();
        return true;
    });

    /// <summary>Gives memory back; a device that is lost has none to give.</summary>
    public void CallQuietly(Action work)
    {
        try
        {
            Accelerator.Bind();
            work();
        }
        catch (AcceleratorException) when (_lost)
        {
            // The driver frees the memory of a context that is lost when the process ends.
        }
    }

    // F32 lanes of a multiprocessor (CUDA C++ Programming Guide, "Arithmetic instructions").
    private static int LanesOf(CudaArchitecture architecture) =>
        architecture == CudaArchitecture.SM_60 || (architecture >= CudaArchitecture.SM_70 && architecture <= CudaArchitecture.SM_80) ? 64 : 128;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        CallQuietly(() =>
        {
            Accelerator.Dispose();
            _context.Dispose();
        });
    }
}
