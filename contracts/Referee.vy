# pragma version 0.4.3
"""
@title Referee
@notice Documentation and trust assumptions: `interfaces/IReferee.vyi`.
@custom:kill Nobody can stop it.
"""
from contracts.interfaces import IReferee
from contracts.modules.judge import calldata
from contracts.modules.judge import functions
from contracts.modules.judge import operands
from contracts.modules.judge import positions
from contracts.modules.judge import records
from contracts.modules.judge import reductions
from contracts.modules.judge import sources
from contracts.modules.judge import views

implements: IReferee

MASK8: constant(uint256) = 2**8 - 1
MASK16: constant(uint256) = 2**16 - 1
MASK32: constant(uint256) = 2**32 - 1
MASK64: constant(uint256) = 2**64 - 1
MAX_EXACT: constant(int256) = 2**127

# Which word of the arguments says where the bytes are.
RECORD_OF_SHAPE: constant(uint256) = 6
RECORD_OF_PROVE: constant(uint256) = 22
RECORD_OF_PROVE_CHUNK: constant(uint256) = 21
RECORD_OF_RESCALED: constant(uint256) = 14
PROOF_OF_STEPS: constant(uint256) = 6


# A step under judgement: what is known, what its record says, and what of the proof has not been read yet.
struct Step:
    known: sources.Known
    record: records.Record
    outputs: uint256[views.MAX_AXES]  # output indices of the element
    at: uint256
    end: uint256


@external
@view
def shape(program: IReferee.Program, operation: uint256, record: Bytes[2496]) -> IReferee.Shape:
    at: uint256 = 0
    end: uint256 = 0
    at, end = calldata._argument(RECORD_OF_SHAPE)
    known: sources.Known = self._known(program, empty(bytes32), empty(IReferee.Position))
    found: records.Record = records._check(
        at, end, [0, known.input_count, known.constant_count, operation, known.operation_count]
    )
    return IReferee.Shape(
        element_type=found.element_type,
        size=found.count << found.element_type,
        count=found.count,
        terms=found.terms,
        chunk=found.chunk,
        chunks=self._chunks(found),
    )


@external
@view
def prove(
    case: IReferee.Case,
    program: IReferee.Program,
    game: uint256,
    opening: IReferee.Position,
    element: uint256,
    word: bytes32,
    siblings: DynArray[bytes32, 5],
    record: Bytes[2496],
) -> int256:
    step: Step = self._step(program, case.input_root, opening, element, RECORD_OF_PROVE)
    assert step.record.terms <= records.MAX_CHUNK, "referee: too many terms"
    exact: int256 = 0
    exact, step.at = self._exact(step, 0, step.record.terms)
    return self._scaled(step, exact)


@external
@view
def prove_chunk(
    case: IReferee.Case,
    program: IReferee.Program,
    game: uint256,
    opening: IReferee.Position,
    values: DynArray[int256, 32],
    index: uint256,
    record: Bytes[2496],
) -> int256:
    step: Step = self._step(
        program, case.input_root, opening, positions._element(opening.extent), RECORD_OF_PROVE_CHUNK
    )
    chunk: uint256 = (positions._index(opening.place) << positions._height(opening.place)) | index
    assert chunk < self._chunks(step.record), "referee: chunk does not exist"
    first: uint256 = step.record.chunk * chunk
    exact: int256 = 0
    exact, step.at = self._exact(step, first, min(step.record.chunk, step.record.terms - first))
    self._check_end(step.at, step.end)
    return exact


@external
@view
def rescaled(
    program: IReferee.Program,
    input: bytes32,
    position: IReferee.Position,
    element: uint256,
    exact: int256,
    record: Bytes[2496],
    proof: Bytes[16384],
) -> int256:
    assert -MAX_EXACT < exact and exact < MAX_EXACT, "referee: exact result too large"
    step: Step = self._step(program, input, position, element, RECORD_OF_RESCALED)
    step.at, step.end = calldata._argument(RECORD_OF_RESCALED + 1)
    return self._scaled(step, exact)


@external
@view
def steps(program: IReferee.Program, input: bytes32, proof: Bytes[4096]) -> uint256:
    header: uint256 = convert(program.header0, uint256)
    named: uint256 = (header >> 224) & MASK16
    assert named > 0, "referee: no step input"
    at: uint256 = 0
    end: uint256 = 0
    at, end = calldata._argument(PROOF_OF_STEPS)
    known: sources.Known = self._known(program, input, empty(IReferee.Position))
    source: sources.Source = empty(sources.Source)
    source, at = sources._open(known, views.FROM_INPUT, named - 1, at)
    self._check_end(at, end)
    asked: uint256 = convert(max(sources._element(source, 0), 1), uint256)
    return min(asked, (header >> 192) & MASK32)


# --- what they are made of ---


@internal
@view
def _step(
    program: IReferee.Program,
    input: bytes32,
    position: IReferee.Position,
    element: uint256,
    argument: uint256,
) -> Step:
    """
    @notice The step under judgement, whose record is in that argument. What follows the record to the end of the
            calldata is the proof.
    """
    step: Step = empty(Step)
    at: uint256 = 0
    at, step.at = calldata._argument(argument)
    step.end = len(msg.data)
    step.record = records._read(at)
    assert element < step.record.count, "referee: element does not exist"
    step.outputs = views._unravel(step.record.rank, step.record.dims, element)
    step.known = self._known(program, input, position)
    return step


@internal
@pure
def _known(program: IReferee.Program, input: bytes32, position: IReferee.Position) -> sources.Known:
    """
    @notice What the caller vouches for, taken apart.
    """
    header: uint256 = convert(program.header0, uint256)
    return sources.Known(
        input=input,
        input_size=(header >> 64) & MASK64,
        inputs=program.inputs,
        input_count=(header >> 240) & MASK8,
        constants=program.constants,
        constant_count=(header >> 128) & MASK32,
        outputs=position.outputs,
        operation_count=(header >> 160) & MASK32,
        trace=position.trace,
        steps=positions._steps(position.place),
        step=positions._step(position.place),
        operation=positions._operation(position.place),
    )


@internal
@view
def _exact(step: Step, first: uint256, terms: uint256) -> (int256, uint256):
    """
    @notice What the operation computes of its operands, a reduction over the `terms` indices from `first` on;
            and where their sections of the proof end.
    """
    given: operands.Operand[3] = empty(operands.Operand[3])
    view: uint256 = step.record.at + records.HEAD
    at: uint256 = step.at
    for number: uint256 in range(step.record.operands, bound=3):
        given[number], at = operands._open(step.known, view, step.record.rank, step.outputs, at)
        view = unsafe_add(view, views._size(view))

    exact: int256 = 0
    if step.record.opcode == records.MAP:
        exact = functions._apply(
            step.record.function,
            operands._value(given[0]),
            operands._value(given[1]),
            operands._value(given[2]),
            convert(step.record.immediate, uint256),
        )
    elif step.record.opcode == records.GATHER:
        exact = operands._look_up(given[1], operands._value(given[0]) + step.record.immediate)
    else:
        exact = reductions._exact(
            step.record.opcode == records.MAX,
            step.record.reduction,
            given[0],
            given[1],
            first,
            terms,
            terms == step.record.terms,
        )
    return exact, at


@internal
@view
def _scaled(step: Step, exact: int256) -> int256:
    """
    @notice The element that an exact result yields, by the last two views and the rest of the proof.
    """
    view: uint256 = step.record.at + records.HEAD
    for _: uint256 in range(step.record.operands, bound=3):
        view = unsafe_add(view, views._size(view))
    multiplier: operands.Operand = empty(operands.Operand)
    bias: operands.Operand = empty(operands.Operand)
    at: uint256 = 0
    multiplier, at = operands._open(step.known, view, step.record.rank, step.outputs, step.at)
    view = unsafe_add(view, views._size(view))
    bias, at = operands._open(step.known, view, step.record.rank, step.outputs, at)
    self._check_end(at, step.end)
    return functions._rescale(
        exact,
        operands._value(bias),
        operands._value(multiplier),
        step.record.shift,
        step.record.element_type,
    )


@internal
@pure
def _chunks(record: records.Record) -> uint256:
    """
    @notice In how many steps the reduction is judged.
    """
    if record.chunk == 0:
        return 1
    return (record.terms + record.chunk - 1) // record.chunk


@internal
@pure
def _check_end(at: uint256, end: uint256):
    """
    @notice A proof has nothing but its sections.
    """
    assert at <= end, "referee: proof too short"
    assert at == end, "referee: proof too long"
