using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Types;
using HardwareRegister = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>.HardwareRegister;
using PrimitiveRegister = ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>.PrimitiveRegister;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>PTX of the operations of <see cref="DeviceMath"/> and <see cref="TensorCore"/>, found by their names.</summary>
internal static class PtxOperations
{
    public static void Fma(PTXBackend backend, PTXCodeGenerator generator, Value value) => Plain(generator, value, "fma.rn.f32", 0, 1, 2);

    public static void Multiply(PTXBackend backend, PTXCodeGenerator generator, Value value) => Plain(generator, value, "mul.rn.f32", 0, 1);

    public static void Divide(PTXBackend backend, PTXCodeGenerator generator, Value value) => Plain(generator, value, "div.rn.f32", 0, 1);

    public static void Exp2(PTXBackend backend, PTXCodeGenerator generator, Value value) => Plain(generator, value, "ex2.approx.ftz.f32", 0);

    // The first operand is the upper half.
    public static void PairBF16(PTXBackend backend, PTXCodeGenerator generator, Value value) => Plain(generator, value, "cvt.rn.bf16x2.f32", 1, 0);

    public static void PairF16(PTXBackend backend, PTXCodeGenerator generator, Value value) => Plain(generator, value, "cvt.rn.f16x2.f32", 1, 0);

    public static void MultiplyBF16(PTXBackend backend, PTXCodeGenerator generator, Value value) => Matrices(generator, value, "bf16");

    public static void MultiplyF16(PTXBackend backend, PTXCodeGenerator generator, Value value) => Matrices(generator, value, "f16");

    public static void Load(PTXBackend backend, PTXCodeGenerator generator, Value value) => Matrix(generator, value, "");

    public static void LoadTurned(PTXBackend backend, PTXCodeGenerator generator, Value value) => Matrix(generator, value, ".trans");

    public static void Copy(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        HardwareRegister to = Address(generator, value.Nodes[0], "shared"), from = Address(generator, value.Nodes[1], "global");
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand("cp.async.cg.shared.global");
        command.AppendArgumentValue(to);
        command.AppendArgumentValue(from);
        command.AppendConstant(16L);
    }

    public static void EndCopies(PTXBackend backend, PTXCodeGenerator generator, Value value) => generator.Command("cp.async.commit_group");

    public static void AwaitCopiesButLast(PTXBackend backend, PTXCodeGenerator generator, Value value) => generator.Command("cp.async.wait_group 1");

    private static void Plain(PTXCodeGenerator generator, Value value, string instruction, params ReadOnlySpan<int> operands)
    {
        var arguments = new PrimitiveRegister[operands.Length];
        for (int i = 0; i < operands.Length; i++)
            arguments[i] = generator.LoadPrimitive(value.Nodes[operands[i]]);
        HardwareRegister target = generator.AllocateHardware(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(instruction);
        command.AppendArgument(target);
        foreach (PrimitiveRegister argument in arguments)
            command.AppendArgument(argument);
    }

    private static void Matrices(PTXCodeGenerator generator, Value value, string type)
    {
        var arguments = new PrimitiveRegister[value.Nodes.Length];
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = generator.EnsureHardwareRegister(generator.LoadPrimitive(value.Nodes[i]));
        PrimitiveRegister[] target = Fields(generator, value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand($"mma.sync.aligned.m16n8k16.row.col.f32.{type}.{type}.f32");
        command.AppendVectorArgument(target);
        command.AppendVectorArgument(arguments[4..8]);
        command.AppendVectorArgument(arguments[8..10]);
        command.AppendVectorArgument(arguments[..4]);
    }

    private static void Matrix(PTXCodeGenerator generator, Value value, string turned)
    {
        HardwareRegister address = Address(generator, value.Nodes[0], "shared");
        PrimitiveRegister[] target = Fields(generator, value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand($"ldmatrix.sync.aligned.m8n8.x4{turned}.shared.b16");
        command.AppendVectorArgument(target);
        command.AppendArgumentValue(address);
    }

    private static PrimitiveRegister[] Fields(PTXCodeGenerator generator, Value value)
    {
        var of = (PTXCodeGenerator.CompoundRegister)generator.Allocate(value);
        return [.. of.Children.Select(child => (PrimitiveRegister)child)];
    }

    private static HardwareRegister Address(PTXCodeGenerator generator, Value pointer, string space)
    {
        HardwareRegister address = generator.LoadHardware(pointer);
        if (pointer.Type is PointerType { AddressSpace: not MemoryAddressSpace.Generic })
            return address;
        HardwareRegister converted = generator.AllocatePlatformRegister(out _);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand($"cvta.to.{space}.u64");
        command.AppendArgument(converted);
        command.AppendArgument(address);
        return converted;
    }
}
