// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @notice Single things that anybody can make.
contract OzCollectible is ERC721 {
    constructor() ERC721("Collectible", "ONE") {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }

    /// @notice `safeTransferFrom` with data, by a name of its own.
    function send(address to, uint256 id, bytes calldata data) external {
        safeTransferFrom(msg.sender, to, id, data);
    }
}

/// @notice Kinds of things that anybody can make.
contract OzItems is ERC1155 {
    constructor() ERC1155("") {}

    function mint(address to, uint256[] calldata ids, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            _update(address(0), to, _asArray(ids[i]), _asArray(amounts[i]));
        }
    }

    function _asArray(uint256 word) private pure returns (uint256[] memory words) {
        words = new uint256[](1);
        words[0] = word;
    }
}
